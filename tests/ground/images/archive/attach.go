package main

import (
	"archive/zip"
	"io"
	"os"
)

// attach appends the folder to the program, which finds it again at its own end.
func attach(program, folder string) error {
	file, err := os.OpenFile(program, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	w := zip.NewWriter(file)
	w.SetOffset(end)
	if err := w.AddFS(os.DirFS(folder)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}

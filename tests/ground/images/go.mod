module portico/ground/images

go 1.24.0

"""desktop.py close|state TITLE, desktop.py tray LABEL: what a desktop does, on a display that has none.

close asks the window to close, as its X does; state prints visible or hidden; tray clicks an entry of Portico's menu.
WebDriver knows only the page inside.
"""

import ctypes
import re
import subprocess
import sys

X = ctypes.CDLL("libX11.so.6")
Window, Atom = ctypes.c_ulong, ctypes.c_ulong
CLIENT_MESSAGE, IS_VIEWABLE = 33, 2


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", Window), ("message_type", Atom), ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 24),
    ]  # fmt: skip


class Attributes(ctypes.Structure):
    """XWindowAttributes; only the part up to map_state is named."""

    _fields_ = [
        ("x", ctypes.c_int), ("y", ctypes.c_int), ("width", ctypes.c_int), ("height", ctypes.c_int),
        ("border_width", ctypes.c_int), ("depth", ctypes.c_int), ("visual", ctypes.c_void_p), ("root", Window),
        ("class", ctypes.c_int), ("bit_gravity", ctypes.c_int), ("win_gravity", ctypes.c_int),
        ("backing_store", ctypes.c_int), ("backing_planes", ctypes.c_ulong), ("backing_pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong), ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int), ("rest", ctypes.c_long * 16),
    ]  # fmt: skip


X.XOpenDisplay.restype = ctypes.c_void_p
X.XDefaultRootWindow.restype = Window
X.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
X.XQueryTree.argtypes = [
    ctypes.c_void_p, Window, *[ctypes.POINTER(Window)] * 2,
    ctypes.POINTER(ctypes.POINTER(Window)), ctypes.POINTER(ctypes.c_uint),
]  # fmt: skip
X.XFetchName.argtypes = [ctypes.c_void_p, Window, ctypes.POINTER(ctypes.c_char_p)]
X.XInternAtom.restype = Atom
X.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
X.XSendEvent.argtypes = [ctypes.c_void_p, Window, ctypes.c_int, ctypes.c_long, ctypes.POINTER(ClientMessage)]
X.XGetWindowAttributes.argtypes = [ctypes.c_void_p, Window, ctypes.POINTER(Attributes)]
X.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]


def tree(display, window):
    yield window
    root, parent, children, count = Window(), Window(), ctypes.POINTER(Window)(), ctypes.c_uint()
    X.XQueryTree(display, window, root, parent, ctypes.byref(children), count)
    for child in children[: count.value]:
        yield from tree(display, child)


def titled(display, title):
    for window in tree(display, X.XDefaultRootWindow(display)):
        name, seen = ctypes.c_char_p(), Attributes()
        X.XFetchName(display, window, ctypes.byref(name))
        X.XGetWindowAttributes(display, window, ctypes.byref(seen))
        # The toolkit has tiny windows of the same name for itself.
        if (name.value or b"").decode() == title and seen.width > 100:
            return window, seen.map_state == IS_VIEWABLE
    sys.exit(f"no window is called {title}")


def bus(name, path, call, *arguments):
    command = ["dbus-send", "--session", "--print-reply", "--reply-timeout=3000", f"--dest={name}", path, call, *arguments]
    return subprocess.run(command, capture_output=True, text=True).stdout


def click(label):
    """The menu of the tray is an object of the app's own on the session bus; a panel would draw it."""
    menu = "/org/ayatana/NotificationItem/tray_icon_tray_app_portico/Menu"
    names = bus("org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames")
    for name in re.findall(r'":1\.\d+"', names):
        name = name.strip('"')
        ask = ("com.canonical.dbusmenu.GetLayout", "int32:0", "int32:-1", "array:string:label")
        entry = re.search(
            r'int32 (\d+)\s+array \[\s+dict entry\(\s+string "label"\s+variant\s+string "' + re.escape(label) + '"',
            bus(name, menu, *ask),
        )
        if entry:
            event = ("com.canonical.dbusmenu.Event", f"int32:{entry[1]}", "string:clicked", "variant:int32:0", "uint32:0")
            return bus(name, menu, *event)
    sys.exit(f"no tray has an entry {label}")


act, title = sys.argv[1:]
if act == "tray":
    click(title)
    sys.exit()
display = X.XOpenDisplay(None) or sys.exit("there is no display")
window, visible = titled(display, title)
if act == "close":
    event = ClientMessage(type=CLIENT_MESSAGE, window=window, format=32)
    event.message_type = X.XInternAtom(display, b"WM_PROTOCOLS", 0)
    event.data[0] = X.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    X.XSendEvent(display, window, 0, 0, ctypes.byref(event))
else:
    print("visible" if visible else "hidden")
X.XSync(display, 0)

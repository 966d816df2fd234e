"""The desktop's notification service: takes what an app tells, and prints each as a line of JSON.

For a session bus that has none. Its first line says that it is there.
"""

import json

from gi.repository import Gio, GLib

NAME = "org.freedesktop.Notifications"
METHODS = """<node><interface name="org.freedesktop.Notifications">
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
</interface></node>"""
taken = 0


def say(**words):
    print(json.dumps(words), flush=True)


def called(connection, sender, path, interface, method, parameters, invocation):
    global taken
    if method == "Notify":
        app, replaces, icon, title, text, *rest = parameters.unpack()
        taken += 1
        say(title=title, text=text)
        invocation.return_value(GLib.Variant("(u)", (taken,)))
    elif method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body"],)))
    elif method == "GetServerInformation":
        invocation.return_value(GLib.Variant("(ssss)", ("a test", "Portico", "1", "1.2")))
    else:
        invocation.return_value(None)


def bus(connection, name):
    interface = Gio.DBusNodeInfo.new_for_xml(METHODS).interfaces[0]
    connection.register_object("/org/freedesktop/Notifications", interface, called, None, None)


Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, bus, lambda *_: say(ready=True), None)
GLib.MainLoop().run()

"""The rim of things that can be unplugged: camera, printer, shelf lights. Start at `ports`."""

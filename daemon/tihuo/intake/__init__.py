"""Orders that come as files: 快团团 exports read into neutral records. No rule of the shop lives here, no database."""

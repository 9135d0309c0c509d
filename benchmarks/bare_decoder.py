"""The floor: read every message of every FIT file with fitdecode and keep nothing. `bare_decoder.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import fitdecode


def main() -> None:
    values = 0
    for path in sorted(Path(sys.argv[1]).glob("*.fit")):
        with fitdecode.FitReader(str(path), check_crc=fitdecode.CrcCheck.RAISE) as reader:
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "record":
                    values += sum(field.value is not None for field in frame.fields)
    print(values)


if __name__ == "__main__":
    main()

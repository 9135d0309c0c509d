"""SVG -> PNG with the fonts that come along, so that a picture looks the same on every machine."""

from __future__ import annotations

from importlib.resources import as_file, files

FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


def png_of(svg: str, width: int) -> bytes:
    """The picture, `width` pixels wide. Raises ImportError where resvg is not installed, ValueError for a broken SVG."""
    from resvg_py import svg_to_bytes

    with as_file(files("daemon.pictures") / "fonts") as folder:
        # The system's fonts are left out: reading them takes longer than drawing.
        return svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(folder / font) for font in FONTS],
            width=width,
        )

"""Badges, drawn with the font that Pillow brings along."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

PADDING = 12


def draw_badge(text: str, colour: str = "#2f6f4f") -> bytes:
    font = ImageFont.load_default(size=24)
    left, top, right, bottom = font.getbbox(text)
    size = (int(right - left) + 2 * PADDING, int(bottom - top) + 2 * PADDING)
    picture = Image.new("RGB", size, colour)
    ImageDraw.Draw(picture).text((PADDING - left, PADDING - top), text, font=font, fill="white")
    out = BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()

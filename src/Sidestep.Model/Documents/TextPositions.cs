using System.Text;

namespace Sidestep.Model.Documents;

/// <summary>Translates offsets in UTF-8 text to lines and columns. The offsets must ascend, so that the text is counted
/// once.</summary>
internal ref struct TextPositions(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _offset;
    private int _line = 1, _column = 1;

    /// <summary>The position of the newest offset.</summary>
    public readonly Position Current => new(_line, _column);

    /// <summary>The position of an offset, which must not be before the previous one.</summary>
    /// <param name="offset">In bytes from the start of the text.</param>
    public Position MoveTo(long offset)
    {
        var passed = _text[_offset..(int)offset];
        int lines = passed.Count((byte)'\n');
        if (lines > 0)
        {
            passed = passed[(passed.LastIndexOf((byte)'\n') + 1)..];
            _line += lines;
            _column = 1;
        }
        _column += Encoding.UTF8.GetCharCount(passed);
        _offset = (int)offset;
        return Current;
    }

    /// <summary>The position of a byte in a line, both counted from 0.</summary>
    public static Position Of(ReadOnlySpan<byte> text, long line, long byteInLine)
    {
        for (long skipped = 0; skipped < line; skipped++)
            text = text[(text.IndexOf((byte)'\n') + 1)..];
        int bytes = (int)Math.Min(byteInLine, text.Length);
        return new Position((int)line + 1, Encoding.UTF8.GetCharCount(text[..bytes]) + 1);
    }
}

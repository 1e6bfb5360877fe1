using System.Collections.Immutable;

namespace Sidestep.Lab.Live;

internal enum Tone
{
    Plain,
    Bold,
    Dim,
    Good,
    Warning,
    Bad,
    Inverse,
}

/// <summary>A line of the screen: pieces of text, each in one tone. All characters are one column wide.</summary>
internal readonly struct ScreenLine
{
    private readonly ImmutableArray<(string Text, Tone Tone)> _pieces;

    private ScreenLine(ImmutableArray<(string Text, Tone Tone)> pieces) => _pieces = pieces;

    public static ScreenLine Empty { get; } = new([]);

    public ImmutableArray<(string Text, Tone Tone)> Pieces => _pieces.IsDefault ? [] : _pieces;

    public int Length => Pieces.Sum(p => p.Text.Length);

    /// <summary>The text of the line, without its tones.</summary>
    public string Text => string.Concat(Pieces.Select(p => p.Text));

    public static ScreenLine Of(string text, Tone tone = Tone.Plain) => new([(text, tone)]);

    public static ScreenLine operator +(ScreenLine left, ScreenLine right) => new([.. left.Pieces, .. right.Pieces]);

    public static ScreenLine operator +(ScreenLine left, string right) => left + Of(right);

    /// <summary>Exactly this long: spaces follow, or the rest is cut off.</summary>
    public ScreenLine ToWidth(int width)
    {
        var length = Length;
        if (length <= width)
            return length == width ? this : this + new string(' ', width - length);
        var left = width;
        var visible = ImmutableArray.CreateBuilder<(string, Tone)>();
        foreach (var (text, tone) in Pieces)
        {
            var part = text[..Math.Min(text.Length, left)];
            left -= part.Length;
            visible.Add((part, tone));
        }
        return new ScreenLine(visible.ToImmutable());
    }
}

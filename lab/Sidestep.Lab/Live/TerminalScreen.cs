using System.Text;

namespace Sidestep.Lab.Live;

/// <summary>
/// The alternate screen of a terminal. Each frame is one write that overwrites every character, so nothing flickers.
/// Leaving restores what was there before.
/// </summary>
internal sealed class TerminalScreen : IDisposable
{
    // xterm's control sequences: the alternate screen, the cursor, wrapping at the right edge; synchronised output.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l", Leave = "\e[0m\e[?7h\e[?25h\e[?1049l";
    private const string BeginFrame = "\e[?2026h\e[H", EndFrame = "\e[0m\e[?2026l", Clear = "\e[2J";

    private readonly Stream _output;
    private string _last = "";
    private (int Width, int Height) _size;

    public TerminalScreen(Stream output)
    {
        _output = output;
        Write(Enter);
    }

    /// <summary>Shows lines that fill the screen. A frame that is the same as the last is not written.</summary>
    public void Show(IReadOnlyList<ScreenLine> lines, int width, int height)
    {
        var text = Encode(lines);
        if (text == _last && _size == (width, height))
            return;
        Write((_size == (width, height) ? "" : Clear) + BeginFrame + text + EndFrame);
        (_last, _size) = (text, (width, height));
    }

    public void Dispose() => Write(Leave);

    /// <summary>The lines with their tones as SGR sequences (ECMA-48).</summary>
    public static string Encode(IReadOnlyList<ScreenLine> lines)
        => string.Join("\r\n", lines.Select(line => string.Concat(line.Pieces.Select(Encode))));

    private static string Encode((string Text, Tone Tone) piece) => piece.Tone switch
    {
        Tone.Bold => $"\e[1m{piece.Text}\e[0m",
        Tone.Dim => $"\e[2m{piece.Text}\e[0m",
        Tone.Good => $"\e[32m{piece.Text}\e[0m",
        Tone.Warning => $"\e[33m{piece.Text}\e[0m",
        Tone.Bad => $"\e[31m{piece.Text}\e[0m",
        Tone.Inverse => $"\e[7m{piece.Text}\e[0m",
        _ => piece.Text,
    };

    private void Write(string text)
    {
        _output.Write(Encoding.UTF8.GetBytes(text));
        _output.Flush();
    }
}

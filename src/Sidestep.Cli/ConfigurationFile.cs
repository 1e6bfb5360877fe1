using System.Text;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The text of a configuration file, or why it could not be read.</summary>
/// <param name="Name">Name of the file in messages.</param>
/// <param name="Text">The text; null exactly if there is a problem.</param>
/// <param name="Problem">Why the file could not be read, and what to do; null: it was read.</param>
public sealed record ConfigurationFile(string Name, string? Text, string? Problem)
{
    /// <summary>Reads a file, or standard input if <paramref name="file"/> is <c>-</c>.</summary>
    public static ConfigurationFile Read(string file)
    {
        string name = file == "-" ? "<stdin>" : file;
        if (Directory.Exists(file))
            return new(name, null, "is a directory. Name the file.");
        try
        {
            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            // A few bytes above the limit are enough for the reader to reject the document; the rest of an endless
            // stream is not read into memory.
            var bytes = ReadUpTo(stream, Limits.DocumentBytes + 16);
            // A truncated text may end within a character; then its size is the error, not its encoding.
            var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: bytes.Length <= Limits.DocumentBytes);
            return new(name, utf8.GetString(WithoutByteOrderMark(bytes)), null);
        }
        catch (DecoderFallbackException)
        {
            return new(name, null, "this is not UTF-8 text. Save the file as UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new(name, null, $"cannot be read: {e.Message}");
        }
    }

    private static ReadOnlySpan<byte> WithoutByteOrderMark(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;

    private static byte[] ReadUpTo(Stream stream, int most)
    {
        var bytes = new MemoryStream();
        var block = new byte[64 * 1024];
        int read;
        while (bytes.Length < most
            && (read = stream.Read(block, 0, (int)Math.Min(block.Length, most - bytes.Length))) > 0)
            bytes.Write(block, 0, read);
        return bytes.ToArray();
    }
}

using System.Text;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>Reads <c>ExportMetricsServiceResponse</c>: what the collector rejected of an accepted request.</summary>
internal static class OtlpResponse
{
    private const int LongestText = 200;

    /// <summary>Null: the collector took all points. It may say something about them even then, which is no
    /// failure.</summary>
    /// <param name="message">The message. Fields that it should not have are ignored.</param>
    /// <exception cref="OtlpException">It is malformed.</exception>
    internal static string? Rejection(ReadOnlyMemory<byte> message)
    {
        if (Find(message.Span, 1).Bytes is not { Length: > 0 } partial)
            return null;
        ulong rejected = Find(partial, 1).Number;
        string text = Printable(Encoding.UTF8.GetString(Find(partial, 2).Bytes ?? []));
        return rejected == 0 ? null
            : $"the collector rejected {rejected} data points" + (text.Length > 0 ? $": {text}" : "");
    }

    /// <summary>A text of another program as part of one line.</summary>
    internal static string Printable(string text) =>
        new([.. text.Take(LongestText).Select(static c => char.IsControl(c) ? ' ' : c)]);

    /// <summary>The last value of a field; zero and null if it is missing.</summary>
    private static (ulong Number, byte[]? Bytes) Find(ReadOnlySpan<byte> message, int field)
    {
        (ulong, byte[]?) found = default;
        while (message.Length > 0)
        {
            ulong tag = ReadVarint(ref message);
            (ulong Number, byte[]? Bytes) value = (tag & 7) switch
            {
                0 => (ReadVarint(ref message), null),
                1 => (0, Take(ref message, 8)),
                2 => (0, Take(ref message, ReadVarint(ref message))),
                5 => (0, Take(ref message, 4)),
                _ => throw Malformed(),
            };
            if (tag >> 3 == (ulong)field)
                found = value;
        }
        return found;
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (int i = 0; i < Math.Min(message.Length, 10); i++)
        {
            value |= (ulong)(message[i] & 0x7f) << (7 * i);
            if (message[i] >= 0x80)
                continue;
            message = message[(i + 1)..];
            return value;
        }
        throw Malformed();
    }

    private static byte[] Take(ref ReadOnlySpan<byte> message, ulong length)
    {
        if (length > (ulong)message.Length)
            throw Malformed();
        byte[] bytes = message[..(int)length].ToArray();
        message = message[(int)length..];
        return bytes;
    }

    private static OtlpException Malformed() => new("the response of the collector is malformed");
}

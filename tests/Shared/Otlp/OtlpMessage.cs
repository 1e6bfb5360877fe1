using System.Globalization;
using System.Text;

namespace Sidestep.Testing;

/// <summary>Reads an <c>ExportMetricsServiceRequest</c>. OfficialExporterTests compares the field numbers with those
/// that OpenTelemetry's own exporter writes.</summary>
internal static class OtlpMessage
{
    // Fields whose value is a message, as the path of field numbers from the request.
    private static readonly HashSet<string> Messages =
    [
        "1", "1.1", "1.1.1", "1.1.1.2", "1.2", "1.2.1", "1.2.2", "1.2.2.5", "1.2.2.7", "1.2.2.5.1", "1.2.2.7.1",
        "1.2.2.5.1.7", "1.2.2.5.1.7.2", "1.2.2.7.1.7", "1.2.2.7.1.7.2",
    ];

    // Times differ from export to export.
    private static readonly HashSet<string> Times = ["1.2.2.5.1.2", "1.2.2.5.1.3", "1.2.2.7.1.2", "1.2.2.7.1.3"];

    /// <summary>All fields and values as text, without times. The order of fields has no meaning, and is
    /// sorted.</summary>
    public static string Canonical(byte[] message) => Canonical(message, "");

    /// <summary>The value of each series; the key is the series in the text format of Prometheus.</summary>
    public static IEnumerable<KeyValuePair<string, double>> Series(byte[] message)
    {
        foreach (var metric in Metrics(message))
        {
            string name = Text(Single(metric, 1));
            foreach (var point in metric.Where(static f => f.Number is 5 or 7).SelectMany(static f => Read(f.Bytes!))
                .Where(static f => f.Number == 1).Select(static f => Read(f.Bytes!).ToList()))
            {
                var labels = point.Where(static f => f.Number == 7).Select(static f => Attribute(f.Bytes!))
                    .Select(static a => $"{a.Key}=\"{a.Value.Replace("\\", @"\\", StringComparison.Ordinal)
                        .Replace("\"", "\\\"", StringComparison.Ordinal)
                        .Replace("\n", "\\n", StringComparison.Ordinal)}\"").ToList();
                yield return KeyValuePair.Create(labels.Count == 0 ? name : $"{name}{{{string.Join(',', labels)}}}",
                    BitConverter.UInt64BitsToDouble(point.Single(static f => f.Number == 4).Value));
            }
        }
    }

    /// <summary>The unit of each metric; empty: it has none.</summary>
    public static Dictionary<string, string> Units(byte[] message) => Metrics(message).ToDictionary(
        static m => Text(Single(m, 1)), static m => m.Any(static f => f.Number == 3) ? Text(Single(m, 3)) : "");

    /// <summary>The attributes of the resource.</summary>
    public static Dictionary<string, string> Resource(byte[] message) =>
        Read(Read(Read(message).Single().Bytes!).Single(static f => f.Number == 1).Bytes!)
            .Select(static f => Attribute(f.Bytes!)).ToDictionary();

    /// <summary>The time of every point, in Unix time.</summary>
    public static IEnumerable<DateTimeOffset> PointTimes(byte[] message) => Metrics(message)
        .SelectMany(static m => m.Where(static f => f.Number is 5 or 7)).SelectMany(static f => Read(f.Bytes!))
        .Where(static f => f.Number == 1).Select(static f => DateTimeOffset.UnixEpoch.AddTicks(
            (long)Read(f.Bytes!).Single(static v => v.Number == 3).Value / 100));

    private static IEnumerable<List<Field>> Metrics(byte[] message) => Read(message)
        .SelectMany(static r => Read(r.Bytes!)).Where(static f => f.Number == 2)
        .SelectMany(static s => Read(s.Bytes!)).Where(static f => f.Number == 2)
        .Select(static m => Read(m.Bytes!).ToList());

    private static KeyValuePair<string, string> Attribute(byte[] message)
    {
        var fields = Read(message).ToList();
        return KeyValuePair.Create(Text(Single(fields, 1)), Text(Single([.. Read(Single(fields, 2))], 1)));
    }

    private static byte[] Single(List<Field> fields, int number) => fields.Single(f => f.Number == number).Bytes!;

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static string Canonical(byte[] message, string parent)
    {
        var fields = Read(message).Select(f =>
        {
            string path = parent.Length == 0 ? $"{f.Number}" : $"{parent}.{f.Number}";
            string value = f.Bytes is null ? f.Value.ToString(CultureInfo.InvariantCulture)
                : Messages.Contains(path) ? Canonical(f.Bytes, path) : $"'{Text(f.Bytes)}'";
            return (Path: path, Text: $"{f.Number}: {value}");
            // In proto3, an empty text is the same as none.
        }).Where(static f => !Times.Contains(f.Path) && !f.Text.EndsWith(": ''", StringComparison.Ordinal))
            .Select(static f => f.Text).Order(StringComparer.Ordinal);
        return $"{{ {string.Join("\n", fields)} }}";
    }

    private static IEnumerable<Field> Read(byte[] message)
    {
        for (int at = 0; at < message.Length;)
        {
            int tag = (int)Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    yield return new Field(tag >> 3, Varint(message, ref at), null);
                    break;
                case 1:
                    yield return new Field(tag >> 3, BitConverter.ToUInt64(message, at), null);
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    yield return new Field(tag >> 3, 0, message[at..(at + length)]);
                    at += length;
                    break;
                default:
                    throw new InvalidOperationException($"the wire type {tag & 7} at byte {at}");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            value |= (ulong)(message[at] & 0x7f) << shift;
            if (message[at++] < 0x80)
                return value;
        }
    }

    private sealed record Field(int Number, ulong Value, byte[]? Bytes);
}

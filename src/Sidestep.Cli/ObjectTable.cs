using System.Collections.Immutable;
using System.Text.Json;
using Sidestep.Model.Objects;

namespace Sidestep.Cli;

/// <summary>Writes objects of one kind as a table.</summary>
internal static class ObjectTable
{
    /// <summary>The columns beside the name: keys, and what their absence means.</summary>
    private static readonly ImmutableDictionary<ObjectKind, (string Key, string Default)[]> Columns =
        new Dictionary<ObjectKind, (string, string)[]>
        {
            [ObjectKind.NetworkProfile] = [("type", ""), ("dsrType", "l3"), ("encapsulation", "ipip")],
            [ObjectKind.HealthMonitor] = [("type", ""), ("probe", "dsr-path"), ("interval", "2"), ("port", "")],
            [ObjectKind.Pool] = [("algorithm", "consistent-hash"), ("monitors", ""), ("servers", "0")],
            [ObjectKind.RealServer] = [("address", ""), ("weight", "1"), ("state", "enabled"), ("backup", "false")],
            [ObjectKind.AccessList] = [("allow", "0"), ("deny", "0")],
            [ObjectKind.Vip] = [("echo", "active")],
            [ObjectKind.VirtualService] =
                [("vip,vips", ""), ("protocol", ""), ("port,ports", "any"), ("pool", ""), ("enabled", "true")],
        }.ToImmutableDictionary();

    /// <summary>Lists whose number of items is more useful than the items.</summary>
    private static readonly string[] Counted = ["servers", "allow", "deny"];

    /// <summary>Writes a row for each object.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="items">The objects.</param>
    /// <param name="isWide">True: with their labels.</param>
    /// <param name="output">Where to write.</param>
    internal static void Write(ObjectKind kind, IReadOnlyList<JsonElement> items, bool isWide, TextWriter output)
    {
        var columns = Columns[kind];
        string[] last = isWide ? ["labels"] : [];
        var table = new ReportTable(
            [kind.NameKey, .. columns.Select(static c => c.Key.Split(',')[^1]), .. last]);
        foreach (var item in items)
        {
            table.AddRow(
            [
                ObjectLookup.NameOf(kind, item), .. columns.Select(c => Cell(item, c.Key, c.Default)),
                .. last.Select(_ => Labels(item)),
            ]);
        }
        table.Write(TextConsole.On(output));
    }

    private static string Cell(JsonElement item, string keys, string absent)
    {
        foreach (string key in keys.Split(','))
        {
            if (!item.TryGetProperty(key, out var value))
                continue;
            if (value.ValueKind != JsonValueKind.Array)
                return value.ToString();
            return Counted.Contains(key)
                ? value.GetArrayLength().ToString(System.Globalization.CultureInfo.InvariantCulture)
                : string.Join(',', value.EnumerateArray());
        }
        return absent;
    }

    private static string Labels(JsonElement item) => item.TryGetProperty("labels", out var labels)
        ? string.Join(',', labels.EnumerateObject().Select(static l => $"{l.Name}={l.Value}")) : "";
}

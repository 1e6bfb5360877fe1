using System.Globalization;
using System.Text;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Whatever changes, reading the difference says what reading the whole says.</summary>
public sealed class IncrementalReaderTests
{
    private static readonly string[] Snippets =
    [
        "- ", ": ", "\n", "\n  ", "\n    - ", "\n      - { name: s9, address: 10.0.0.99 }\n", "null", "*a", "&a ",
            "---\n",
        "...\n", "[", "]", "{", "}", "\"", "'", "\t", "0", "9", "#", "# note\n", "|\n", ">\n", "\r", "\u2028", "a",
            "10.0.0.11",
        "weight: 7", "  ", " ", "draining", "pools:\n", "virtualServices:\n", "%YAML 1.2\n",
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public void Incremental_reading_of_random_edits_equals_a_full_reading(int seed, bool reverts)
    {
        var random = new Random(seed);
        string start = Large();
        var reader = new IncrementalReader();
        string text = start;
        for (int round = 0; round < 1200; round++)
        {
            // From a good document again and again: from a broken one on, everything is read in full.
            text = Edit(reverts && random.Next(3) == 0 ? start : text, random);
            AssertSame(reader, text, $"seed {seed}, round {round}");
            if (!reverts && ConfigurationReader.Read(text, TestDocument.Host).Configuration is null)
                text = start;
        }
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Incremental_reading_of_edited_values_equals_a_full_reading(int seed)
    {
        var random = new Random(seed);
        var reader = new IncrementalReader();
        string text = Large();
        for (int round = 0; round < 600; round++)
        {
            text = EditLine(text, random);
            AssertSame(reader, text, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Block_scalar_or_open_quote_is_not_split()
    {
        var reader = new IncrementalReader();
        foreach (string name in new[] { "web2", "|-\n          web2", "\"web2\n\n          x\"", "\"web2", "{ a: [",
            "web2 # note" })
            AssertSame(reader, TestDocument.Valid.Replace("name: web2", "name: " + name, StringComparison.Ordinal),
                name);
    }

    private static void AssertSame(IncrementalReader reader, string text, string what)
    {
        var whole = ConfigurationReader.Read(text, TestDocument.Host);
        var difference = reader.Read(text, TestDocument.Host);
        Assert.True(whole.Errors.SequenceEqual(difference.Errors), $"{what}: errors\n{text}");
        Assert.True(whole.Warnings.SequenceEqual(difference.Warnings), $"{what}: warnings\n{text}");
        Assert.True(Print(whole.Configuration) == Print(difference.Configuration), $"{what}: configuration\n{text}");
    }

    // Records print lists by their type alone.
    private static string Print(Configuration? c) => c is null ? "" : string.Join('\n',
    [
        c.Node.ToString(), c.Group.ToString(), .. c.NetworkProfiles.Select(p => p.ToString()),
        .. c.Pools.Select(p => $"{p} {string.Join(' ', p.Servers)}"),
        .. c.VirtualServices.Select(s => $"{s} {string.Join(' ', s.Vips)} {string.Join(' ', s.Ports)}"),
    ]);

    private static string Edit(string text, Random random)
    {
        if (random.Next(3) == 0)
            return EditLine(text, random);
        int at = random.Next(text.Length);
        int removed = random.Next(3) == 0 ? Math.Min(random.Next(40), text.Length - at) : 0;
        string snippet = random.Next(4) == 0 && removed > 0 ? "" : Snippets[random.Next(Snippets.Length)];
        return text.Remove(at, removed).Insert(at, snippet);
    }

    /// <summary>Edits as operators make them: another number, a line more, a line less, a line twice, two lines
    /// swapped.</summary>
    private static string EditLine(string text, Random random)
    {
        var lines = text.Split('\n').ToList();
        int at = random.Next(lines.Count);
        switch (random.Next(6))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[random.Next(lines.Count)]);
                break;
            case 2:
                lines.Insert(at, random.Next(2) == 0 ? "" : "   # note");
                break;
            default:
                int digit = lines[at].AsSpan().IndexOfAnyInRange('0', '9');
                if (digit >= 0)
                    lines[at] = lines[at].Remove(digit, 1)
                        .Insert(digit, random.Next(10).ToString(CultureInfo.InvariantCulture));
                break;
        }
        return string.Join('\n', lines);
    }

    private static string Large()
    {
        var yaml = new StringBuilder(TestDocument.Valid[..TestDocument.Valid.IndexOf("pools:",
            StringComparison.Ordinal)]);
        yaml.Append("pools:\n");
        for (int p = 0; p < 5; p++)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"  - name: pool{p}\n    servers:\n");
            for (int s = 0; s < 4; s++)
                yaml.Append(CultureInfo.InvariantCulture,
                    $"      - name: s{s}\n        address: 10.0.0.{10 + s}\n        weight: {s + 1}\n");
        }
        yaml.Append("# What clients address.\nvirtualServices:\n");
        for (int v = 0; v < 5; v++)
            yaml.Append(CultureInfo.InvariantCulture,
                $"- name: v{v}\n  vip: 203.0.113.{v + 1}\n  protocol: tcp\n  port: 80\n  pool: pool{v}\n  "
                + $"networkProfile: {(v == 0 ? "fast" : "routed")}\n");
        return yaml.ToString();
    }
}

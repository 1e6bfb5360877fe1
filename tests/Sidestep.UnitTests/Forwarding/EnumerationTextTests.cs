using System.Text.RegularExpressions;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Decisions and drop reasons have one text: in C#, in C, and in traces.</summary>
public sealed partial class EnumerationTextTests
{
    [Theory]
    [InlineData("decision", "Decision")]
    [InlineData("drop_reason", "DropReason")]
    public void Enumeration_has_the_same_values_and_texts_in_C_and_in_CSharp(string c, string cSharp)
    {
        var inC = InC(c);
        Assert.NotEmpty(inC);
        Assert.Equal(inC, InCSharp(cSharp));
    }

    [Fact]
    public void Trace_has_the_text_of_the_drop_reason() => Assert.Equal(
        InCSharp(nameof(DropReason)).Select(static r => r.Text),
        Enum.GetValues<DropReason>().Select(VerdictText.Of));

    [Theory]
    [InlineData(DropReason.TooBigRateLimited, "too-big-rate-limited")]
    [InlineData(DropReason.NoService, "no-service")]
    [InlineData(DropReason.Malformed, "malformed")]
    public void Drop_reason_is_named_in_lower_case_with_hyphens(DropReason reason, string name) =>
        Assert.Equal(name, CounterName.Of(reason));

    [Theory]
    [InlineData(Decision.ArpReply, "arp-reply")]
    [InlineData(Decision.IcmpTooBig, "icmp-too-big")]
    [InlineData(Decision.Forward, "forward")]
    public void Decision_is_named_in_lower_case_with_hyphens(Decision decision, string name) =>
        Assert.Equal(name, CounterName.Of(decision));

    /// <summary>DECISION_ARP_REPLY = 3, /* text */: prefix removed, in CamelCase.</summary>
    private static List<(string Name, int Value, string Text)> InC(string name)
    {
        var header = Repository.Read("src", "bpf", "tables.h");
        var body = Regex.Match(header, $@"enum {name} \{{(.*?)\}};", RegexOptions.Singleline).Groups[1].Value;
        return [.. ValueInC().Matches(body).Select(static m => (
            string.Concat(m.Groups[1].Value.Split('_').Select(static w => w[..1] + w[1..].ToLowerInvariant())),
            int.Parse(m.Groups[2].Value), m.Groups[3].Value))];
    }

    /// <summary>The summary of each member: lower case at its start unless it starts with an abbreviation, without the
    /// full stop.</summary>
    private static List<(string Name, int Value, string Text)> InCSharp(string name)
    {
        var source = Repository.Read("src", "Sidestep.Forwarding", "Decision.cs");
        var body = Regex.Match(source, $@"enum {name}\s*\{{(.*?)\n\}}", RegexOptions.Singleline).Groups[1].Value;
        return [.. ValueInCSharp().Matches(body).Select(static m => (
            m.Groups[2].Value, int.Parse(m.Groups[3].Value), Lowered(m.Groups[1].Value)))];
    }

    private static string Lowered(string sentence) =>
        char.IsUpper(sentence[1]) ? sentence : char.ToLowerInvariant(sentence[0]) + sentence[1..];

    [GeneratedRegex(@"(?:DECISION|DROP)_(\w+)\s*=\s*(\d+),\s*/\* (.*?) \*/")]
    private static partial Regex ValueInC();

    [GeneratedRegex(@"<summary>(.*?)\.</summary>\s+(\w+) = (\d+),")]
    private static partial Regex ValueInCSharp();
}

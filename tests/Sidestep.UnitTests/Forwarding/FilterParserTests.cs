using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Valid filters, and the errors of invalid ones with their column and remedy.</summary>
public sealed class FilterParserTests
{
    [Fact]
    public void Empty_filter_matches_every_frame_for_a_VIP()
    {
        foreach (var text in new[] { "", "   " })
            Assert.Equal(CaptureFilter.Everything, FilterParser.Parse(text));
    }

    [Fact]
    public void Every_condition_is_parsed()
    {
        var filter = FilterParser.Parse(
            "host 198.51.100.7 and src 198.51.100.0/24 and dst 203.0.113.10  and net 0.0.0.0/0 and port 443 and port "
            + "40000 and tcp and service www and server web1 and decision drop and reason too-big");
        Assert.Equal(
            ["198.51.100.7/32 Either", "198.51.100.0/24 Source", "203.0.113.10/32 Destination", "0.0.0.0/0 Either"],
            filter.Addresses.Select(static a => $"{a.Prefix} {a.Side}"));
        Assert.Equal([443, 40000], filter.Ports);
        Assert.Equal(
            (CapturedProtocol.Tcp, "www", "web1", Decision.Drop, DropReason.TooBig),
            (filter.Protocol, filter.Service, filter.Server, filter.Decision, filter.Reason));
    }

    [Theory]
    [InlineData("host 2001:db8::7", "2001:db8::7/128")]
    [InlineData("net 2001:db8::/32", "2001:db8::/32")]
    public void Addresses_and_prefixes_of_IPv6_are_parsed(string text, string prefix) =>
        Assert.Equal(prefix, FilterParser.Parse(text).Addresses.Single().Prefix.ToString());

    [Theory]
    [InlineData("sctp", CapturedProtocol.Sctp)]
    [InlineData("udplite", CapturedProtocol.UdpLite)]
    [InlineData("dccp", CapturedProtocol.Dccp)]
    public void Protocols_with_ports_have_names(string name, CapturedProtocol protocol) =>
        Assert.Equal(protocol, FilterParser.Parse(name).Protocol);

    [Theory]
    [InlineData("no-service")]
    [InlineData("NO-SERVICE")]
    public void Drop_reasons_are_case_insensitive(string reason) =>
        Assert.Equal(DropReason.NoService, FilterParser.Parse("reason " + reason).Reason);

    [Theory]
    [InlineData("hots 1.2.3.4", 1, "'hots' is not a condition. The conditions are host A")]
    [InlineData("host", 5, "an address is missing after 'host'")]
    [InlineData("host and tcp", 6, "an address is missing after 'host'")]
    [InlineData("host 1.2.3", 6, "'1.2.3' is not an address")]
    [InlineData("host seven", 6, "'seven' is not an address")]
    [InlineData("host 1.2.3.0/24", 6, "'net' before a prefix")]
    [InlineData("net 198.51.100.7", 5, "is not a prefix: write one such as")]
    [InlineData("tcp and port 0", 14, "1 to 65535")]
    [InlineData("port http", 6, "1 to 65535")]
    [InlineData("port 1 and port 2 and port 3", 23, "more than 2 ports")]
    [InlineData("tcp port 80", 5, "expected 'and' or the end")]
    [InlineData("tcp or udp", 5, "join conditions with 'and'")]
    [InlineData("tcp and udp", 9, "a protocol occurs twice")]
    [InlineData("tcp and", 5, "a condition is missing after 'and'")]
    [InlineData("reason nothing", 8, "Possible values are malformed, fragment-unknown")]
    [InlineData("decision drops", 10, "Possible values are pass, forward")]
    [InlineData("decision forward and reason no-service", 22, "only dropped frames have a reason")]
    [InlineData("host 1.2.3.4 and host ::1", 18, "both families")]
    [InlineData("net 1.0.0.0/8 and net 2.0.0.0/8 and net 3.0.0.0/8 and net 4.0.0.0/8 and net 5.0.0.0/8", 73,
        "more than 4 conditions")]
    public void Error_names_the_column_and_the_problem(string text, int column, string expected)
    {
        var rejected = Assert.Throws<FormatException>(() => FilterParser.Parse(text));
        Assert.StartsWith($"filter, column {column}: ", rejected.Message, StringComparison.Ordinal);
        Assert.Contains(expected, rejected.Message, StringComparison.Ordinal);
    }
}

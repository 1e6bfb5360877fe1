using System.Net;
using Sidestep.Agent.Input;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class AddressReaderTests
{
    [Theory]
    [InlineData("203.0.113.10", "203.0.113.10/32")]
    [InlineData("203.0.113.0/24", "203.0.113.0/24")]
    [InlineData("2001:db8:113::10", "2001:db8:113::10/128")]
    [InlineData("2001:DB8:113::/48", "2001:db8:113::/48")]
    [InlineData("1.0.0.0", "1.0.0.0/32")]
    [InlineData("223.255.255.255", "223.255.255.255/32")]
    public void A_unicast_address_or_prefix_is_accepted(string text, string expected)
    {
        Assert.Equal([IPNetwork.Parse(expected)], Read(prefixes: true, out var problems, text));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("nonsense", "is neither an IP address nor a prefix")]
    [InlineData("", "is neither an IP address nor a prefix")]
    [InlineData("fe80::1%eth0", "is neither an IP address nor a prefix")]
    [InlineData("10.1", "is not in dotted decimal form (it would mean 10.0.0.1)")]
    [InlineData("0x0a000001", "is not in dotted decimal form (it would mean 10.0.0.1)")]
    [InlineData("010.0.0.1", "is not in dotted decimal form (it would mean 8.0.0.1)")]
    [InlineData("203.0.113.0/33", "is not a prefix: the length is invalid, or bits after the prefix are set")]
    [InlineData("203.0.113.1/24", "is not a prefix: the length is invalid, or bits after the prefix are set")]
    [InlineData("0.1.2.3", "is in 0.0.0.0/8, which contains no host addresses")]
    [InlineData("127.0.0.9", "is a loopback address, which no packet on the wire may carry")]
    [InlineData("224.0.0.1", "is a multicast address")]
    [InlineData("239.255.255.255", "is a multicast address")]
    [InlineData("240.0.0.1", "is in 240.0.0.0/4, which is reserved or broadcast")]
    [InlineData("255.255.255.255", "is in 240.0.0.0/4, which is reserved or broadcast")]
    [InlineData("ff02::1", "is a multicast address")]
    [InlineData("fe80::1", "is a link-local address, which is valid on one link only")]
    [InlineData("::ffff:203.0.113.1", "is an IPv4-mapped IPv6 address, which never appears on the wire")]
    [InlineData("::1", "is the loopback address")]
    [InlineData("::", "is the unspecified address")]
    public void Any_other_text_is_a_problem_with_its_reason(string text, string reason)
    {
        Assert.Empty(Read(prefixes: true, out var problems, text));
        var problem = Assert.Single(problems);
        Assert.Equal(("--vip", text, reason), (problem.Option, problem.Value, problem.Reason));
        Assert.EndsWith(".", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_is_rejected_where_only_an_address_is_allowed()
    {
        Assert.Equal([IPNetwork.Parse("10.0.0.1/32")],
            Read(prefixes: false, out var problems, "10.0.0.0/8", "10.0.0.1"));
        Assert.Equal(new Problem("--vip", "10.0.0.0/8", "is not an IP address",
            "Write it as in 203.0.113.10 or 2001:db8:113::10, without a prefix length."), Assert.Single(problems));
    }

    [Fact]
    public void A_repeated_address_is_a_problem_in_whatever_form()
    {
        Assert.Equal(2, Read(prefixes: true, out var problems,
            "203.0.113.1", "203.0.113.1/32", "2001:db8::1", "2001:DB8:0::1").Count);
        Assert.Equal(["error: --vip 203.0.113.1/32: is given twice\n       Give it once.",
            "error: --vip 2001:DB8:0::1: is given twice\n       Give it once."], problems.Select(static p => $"{p}"));
    }

    private static List<IPNetwork> Read(bool prefixes, out List<Problem> problems, params string[] values)
    {
        problems = [];
        return AddressReader.Read("--vip", values, prefixes, problems);
    }
}

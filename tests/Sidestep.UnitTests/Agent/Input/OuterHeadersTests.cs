using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class OuterHeadersTests
{
    /// <summary>Sizes: IPv4 20, IPv6 40 (RFC 8200), GRE 4 (RFC 2784), UDP 8 and GUE 4 bytes.</summary>
    [Theory]
    [InlineData("ipip", false, 20)]
    [InlineData(null, false, 20)]
    [InlineData("gre", false, 24)]
    [InlineData("gue", false, 32)]
    [InlineData("ipip", true, 40)]
    [InlineData("gre", true, 44)]
    [InlineData("gue", true, 52)]
    public void Outer_headers_have_the_sizes_of_their_RFCs(string? encapsulation, bool outerIPv6, int expected) =>
        Assert.Equal(expected, OuterHeaders.Bytes(encapsulation, outerIPv6));

    /// <summary>RFC 6691 section 2: the MSS is the MTU less the fixed IP and TCP headers, 40 or 60 bytes.</summary>
    [Fact]
    public void The_MSS_is_what_remains_after_the_fixed_headers() =>
        Assert.Equal(new PathMtu(1500, 32, 1428, 1408), PathMtu.Of(1500, 32));
}

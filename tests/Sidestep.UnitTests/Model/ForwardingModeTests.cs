using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class ForwardingModeTests
{
    /// <summary>RFC 791: 20; RFC 8200: 40; RFC 768: 8; GUE without extensions: 4; RFC 2784 without options:
    /// 4.</summary>
    [Theory]
    [InlineData(ForwardingMode.L2, 0, 0)]
    [InlineData(ForwardingMode.IpIp, 20, 40)]
    [InlineData(ForwardingMode.Gue, 32, 52)]
    [InlineData(ForwardingMode.Gre, 24, 44)]
    public void Overhead_is_the_length_of_the_outer_headers(ForwardingMode mode, int ipv4, int ipv6)
    {
        Assert.Equal(ipv4, mode.OverheadBytes(AddressFamily.InterNetwork));
        Assert.Equal(ipv6, mode.OverheadBytes(AddressFamily.InterNetworkV6));
    }

    [Fact]
    public void Every_encapsulation_is_a_mode_of_its_own()
    {
        var modes = Enum.GetValues<Encapsulation>().Select(static e => e.ToMode()).ToHashSet();
        Assert.Equal(Enum.GetValues<ForwardingMode>().Where(static m => m != ForwardingMode.L2).ToHashSet(), modes);
    }

    [Fact]
    public void Unknown_values_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            static () => ((ForwardingMode)99).OverheadBytes(AddressFamily.InterNetwork));
        Assert.Throws<ArgumentOutOfRangeException>(static () => ((Encapsulation)99).ToMode());
    }
}

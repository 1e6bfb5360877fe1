using System.Net;

namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>Who answers neighbour solicitation for an IPv6 VIP, judged by the frames on the wire.</summary>
public sealed class NeighbourSuppressionTests : IDisposable
{
    private readonly RealServer _setup = new();
    private readonly RawSocket _wire;

    public NeighbourSuppressionTests() => _wire = RawSocket.Open(_setup.Outside, "eth0");

    /// <summary>The kernel itself: an address of lo is not answered for, whatever forwarding says.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_kernel_does_not_advertise_an_address_of_lo_with_or_without_forwarding(int forwarding)
    {
        _setup.Server.Run("sh", "-c", $"echo {forwarding} > /proc/sys/net/ipv6/conf/all/forwarding");
        _setup.Server.Ip($"address add {RealServer.Vip6}/128 dev lo nodad");
        Assert.Equal([RealServer.Address6], AdvertisedAddresses());
    }

    /// <summary>What makes it answer, and that the agent keeps it silent.</summary>
    [Theory]
    [InlineData("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; echo 1 > /proc/sys/net/ipv6/conf/eth0/proxy_ndp; ip -6 neighbour add proxy 2001:db8:113::10 dev eth0", false)]
    [InlineData("ip address add 2001:db8:113::10/128 dev eth0 nodad", true)]
    public void The_agents_program_suppresses_advertisements_that_the_kernel_would_send(string damage, bool isWrong)
    {
        // The program first, and the damage then: apply refuses a VIP that is on the interface.
        ApplyDamage(damage);
        Assert.Contains(RealServer.Vip6, AdvertisedAddresses());
        if (isWrong)
            _setup.Server.Ip($"address del {RealServer.Vip6}/128 dev eth0");
        _setup.RunAgent($"apply --vip {RealServer.Vip6} --interface eth0 --decapsulate ipip --director {RealServer.Director6}");
        if (isWrong)
            ApplyDamage(damage);

        Assert.Equal([RealServer.Address6], AdvertisedAddresses());
        Assert.Equal(isWrong ? [$"vip {RealServer.Vip6}"] : [], _setup.WrongConditions());
        Assert.True(_setup.Counters()["solicitation"] >= 1);
    }

    /// <summary>Without the program, verify says it.</summary>
    [Fact]
    public void At_layer_2_verify_finds_a_proxied_VIP()
    {
        _setup.RunAgent($"apply --vip {RealServer.Vip6} --interface eth0");
        Assert.Equal([RealServer.Address6], AdvertisedAddresses());
        _setup.Server.Ip($"-6 neighbour add proxy {RealServer.Vip6} dev eth0");
        Assert.Equal([$"neighbour-suppression {RealServer.Vip6}"], _setup.WrongConditions());
    }

    [Fact]
    public void Connections_opened_by_the_server_never_use_the_VIP_as_source()
    {
        _setup.RunAgent($"apply --vip {RealServer.Vip6} --interface eth0");
        _setup.Server.Ip($"route add {RealServer.Client6} via {RealServer.Director6} dev eth0");
        Assert.Contains($"src {RealServer.Address6}", _setup.Server.Ip($"route get {RealServer.Client6}"), StringComparison.Ordinal);
        Assert.Contains("deprecated", _setup.Server.Ip("-6 address show dev lo"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _wire.Dispose();
        _setup.Dispose();
    }

    /// <summary>Even without detection of duplicates, an address is tentative for a moment, and not answered for.</summary>
    private void ApplyDamage(string damage)
    {
        _setup.Server.Run("sh", "-c", damage);
        Eventually.True(() => _setup.Server.Ip("-6 address show tentative").Length == 0, () => "still tentative");
    }

    /// <summary>Which of the VIP and the server's own address are answered for; the own address is asked last.</summary>
    private List<string> AdvertisedAddresses()
    {
        foreach (var target in new[] { RealServer.Vip6, RealServer.Address6 })
        {
            var bytes = IPAddress.Parse(target).GetAddressBytes();
            var group = new IPAddress([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, .. bytes[13..]]);
            byte[] mac = [0x33, 0x33, 0xff, .. bytes[13..]];
            // Groups are the kernel's to hear or not: the question also goes to the server's own MAC address, as routers do.
            foreach (var destination in new[] { mac, _setup.ServerMac })
                _wire.Send(Frame.Ethernet(destination, _setup.OutsideMac, Frame.Ip6, Frame.Neighbour(135, RealServer.Director6, group.ToString(), target, _setup.OutsideMac)));
        }
        static bool IsAdvertisement(byte[] f) => Frame.Type(f) == Frame.Ip6 && f[20] == Frame.Icmp6 && f[54] == 136;
        static string Target(byte[] f) => new IPAddress(f.AsSpan(62, 16)).ToString();
        return [.. _wire.ReceiveUntil(static f => IsAdvertisement(f) && Target(f) == RealServer.Address6).Where(IsAdvertisement).Select(Target).Distinct()];
    }
}

using System.Net;

namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>Suppression of neighbour advertisements for an IPv6 VIP, judged by the frames on the wire.</summary>
public sealed class NeighbourSuppressionTests : IDisposable
{
    private readonly RealServer _setup = new();
    private readonly RawSocket _wire;

    public NeighbourSuppressionTests() => _wire = RawSocket.Open(_setup.Outside, "eth0");

    /// <summary>The kernel's own behaviour, on which the agent relies.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_kernel_does_not_advertise_an_address_of_lo_with_or_without_forwarding(int forwarding)
    {
        _setup.Server.Run("sh", "-c", $"echo {forwarding} > /proc/sys/net/ipv6/conf/all/forwarding");
        _setup.Server.Ip($"address add {RealServer.Vip6}/128 dev lo nodad");
        Assert.Equal([RealServer.Address6], AdvertisedAddresses());
    }

    /// <summary>Damage that makes the kernel send advertisements, and whether verify also reports it.</summary>
    [Theory]
    [InlineData("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; echo 1 > /proc/sys/net/ipv6/conf/eth0/proxy_ndp; "
        + "ip -6 neighbour add proxy 2001:db8:113::10 dev eth0", false)]
    [InlineData("ip address add 2001:db8:113::10/128 dev eth0 nodad", true)]
    public void The_agents_program_suppresses_advertisements_that_the_kernel_would_send(string damage, bool isWrong)
    {
        // The damage comes after the program, because apply rejects a VIP that is on the interface.
        ApplyDamage(damage);
        Assert.Contains(RealServer.Vip6, AdvertisedAddresses());
        if (isWrong)
            _setup.Server.Ip($"address del {RealServer.Vip6}/128 dev eth0");
        _setup.RunAgent($"apply --vip {RealServer.Vip6} --interface eth0 --decapsulate ipip "
            + $"--director {RealServer.Director6}");
        if (isWrong)
            ApplyDamage(damage);

        Assert.Equal([RealServer.Address6], AdvertisedAddresses());
        Assert.Equal(isWrong ? [$"vip {RealServer.Vip6}"] : [], _setup.WrongConditions());
        Assert.True(_setup.Counters()["solicitation"] >= 1);
    }

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
        var route = _setup.Server.Ip($"route get {RealServer.Client6}");
        Assert.Contains($"src {RealServer.Address6}", route, StringComparison.Ordinal);
        Assert.Contains("deprecated", _setup.Server.Ip("-6 address show dev lo"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _wire.Dispose();
        _setup.Dispose();
    }

    /// <summary>Even without duplicate address detection, an address is tentative for a moment, and the kernel does not
    /// advertise it.</summary>
    private void ApplyDamage(string damage)
    {
        _setup.Server.Run("sh", "-c", damage);
        Eventually.True(() => _setup.Server.Ip("-6 address show tentative").Length == 0, () => "still tentative");
    }

    /// <summary>The addresses that the server advertises: VIP and its own. The solicitation for its own comes last.
    /// </summary>
    private List<string> AdvertisedAddresses()
    {
        foreach (var target in new[] { RealServer.Vip6, RealServer.Address6 })
        {
            var bytes = IPAddress.Parse(target).GetAddressBytes();
            var group = new IPAddress([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, .. bytes[13..]]);
            byte[] mac = [0x33, 0x33, 0xff, .. bytes[13..]];
            // The kernel may not have joined the group: the solicitation also goes to the server's MAC address, as
            // routers send it.
            foreach (var destination in new[] { mac, _setup.ServerMac })
            {
                _wire.Send(Frame.Ethernet(destination, _setup.OutsideMac, Frame.Ip6,
                    Frame.Neighbour(135, RealServer.Director6, group.ToString(), target, _setup.OutsideMac)));
            }
        }
        static bool IsAdvertisement(byte[] f) =>
            Frame.Type(f) == Frame.Ip6 && f[20] == Frame.Icmp6 && f[54] == 136;
        static string Target(byte[] f) => new IPAddress(f.AsSpan(62, 16)).ToString();
        return [.. _wire.ReceiveUntil(static f => IsAdvertisement(f) && Target(f) == RealServer.Address6)
            .Where(IsAdvertisement).Select(Target).Distinct()];
    }
}

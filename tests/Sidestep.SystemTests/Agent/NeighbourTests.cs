using System.Net;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Agent;

/// <summary>Who answers neighbour solicitation for an IPv6 VIP, judged by the frames on the wire.</summary>
public sealed class NeighbourTests : IDisposable
{
    private readonly RealServer _setup = new();
    private readonly Wire _wire;

    public NeighbourTests() => _wire = Wire.Open(_setup.Outside, "eth0");

    /// <summary>The kernel itself: an address of lo is not answered for, whatever forwarding says.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TheKernelIsSilentAboutAnAddressOfLo(int forwarding)
    {
        _setup.Server.Run("sh", "-c", $"echo {forwarding} > /proc/sys/net/ipv6/conf/all/forwarding");
        _setup.Server.Ip($"address add {RealServer.Vip6}/128 dev lo nodad");
        Assert.Equal([RealServer.Address6], Answered());
    }

    /// <summary>What makes it answer, and that the agent keeps it silent.</summary>
    [Theory]
    [InlineData("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; echo 1 > /proc/sys/net/ipv6/conf/eth0/proxy_ndp; ip -6 neighbour add proxy 2001:db8:113::10 dev eth0", false)]
    [InlineData("ip address add 2001:db8:113::10/128 dev eth0 nodad", true)]
    public void WhereTheKernelAnswersTheAgentsProgramKeepsItSilent(string damage, bool isWrong)
    {
        // The program first, and the damage then: apply refuses a VIP that is on the interface.
        Do(damage);
        Assert.Contains(RealServer.Vip6, Answered());
        if (isWrong)
            _setup.Server.Ip($"address del {RealServer.Vip6}/128 dev eth0");
        _setup.Succeed($"apply --vip {RealServer.Vip6} --interface eth0 --decapsulate ipip --director {RealServer.Director6}");
        if (isWrong)
            Do(damage);

        Assert.Equal([RealServer.Address6], Answered());
        Assert.Equal(isWrong ? [$"vip {RealServer.Vip6}"] : [], _setup.Wrong());
        Assert.True(_setup.Counters()["solicitation"] >= 1);
    }

    /// <summary>Without the program, verify says it.</summary>
    [Fact]
    public void AtLayer2AProxiedVipIsFoundByVerify()
    {
        _setup.Succeed($"apply --vip {RealServer.Vip6} --interface eth0");
        Assert.Equal([RealServer.Address6], Answered());
        _setup.Server.Ip($"-6 neighbour add proxy {RealServer.Vip6} dev eth0");
        Assert.Equal([$"neighbour-silence {RealServer.Vip6}"], _setup.Wrong());
    }

    [Fact]
    public void ConnectionsOfTheServerItselfNeverBeginWithTheVip()
    {
        _setup.Succeed($"apply --vip {RealServer.Vip6} --interface eth0");
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
    private void Do(string damage)
    {
        _setup.Server.Run("sh", "-c", damage);
        Eventually.True(() => _setup.Server.Ip("-6 address show tentative").Length == 0, () => "still tentative");
    }

    /// <summary>Which of the VIP and the server's own address are answered for; the own address is asked last.</summary>
    private List<string> Answered()
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
        static bool IsAnswer(byte[] f) => Frame.Type(f) == Frame.Ip6 && f[20] == Frame.Icmp6 && f[54] == 136;
        static string Target(byte[] f) => new IPAddress(f.AsSpan(62, 16)).ToString();
        return [.. _wire.Until(static f => IsAnswer(f) && Target(f) == RealServer.Address6).Where(IsAnswer).Select(Target).Distinct()];
    }
}

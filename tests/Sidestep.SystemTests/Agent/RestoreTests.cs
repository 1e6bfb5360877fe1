namespace Sidestep.SystemTests.Agent;

/// <summary>Remove leaves the host as it was, judged by the system's own tools.</summary>
public sealed class RestoreTests
{
    [Fact]
    public void AfterRemoveEverythingIsAsItWas()
    {
        using var setup = new RealServer();
        var before = setup.Dump();

        setup.ApplyLayer3();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip} --director {RealServer.Stranger}");
        Assert.NotEqual(before, setup.Dump());
        setup.Succeed("remove");

        Assert.Equal(before, setup.Dump());
        Assert.Contains("nothing to remove", setup.Succeed("remove"), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatTheOperatorHadStays()
    {
        using var setup = new RealServer();
        setup.SetSysctl("all/arp_ignore", 2);
        setup.SetSysctl("eth0/arp_announce", 1);
        setup.SetSysctl("all/rp_filter", 1);
        setup.SetSysctl("eth0/rp_filter", 1);
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        setup.Server.Run("tc", "qdisc", "add", "dev", "eth0", "clsact");
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "ingress", "pref", "500", "bpf", "direct-action", "object-file", setup.TestPrograms(), "section", "tc/drop");
        var before = setup.Dump();

        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");
        Assert.Equal(2, setup.Sysctl("all/arp_ignore"));
        Assert.Equal(1, setup.Sysctl("all/rp_filter"));
        Assert.Equal(2, setup.Sysctl("eth0/rp_filter"));
        setup.Succeed("remove");

        Assert.Equal(before, setup.Dump());
    }

    [Fact]
    public void WhatSomeoneElseChangedSinceIsSaidAndLeftAlone()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        setup.SetSysctl("all/arp_announce", 1);
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "egress", "pref", "500", "bpf", "direct-action", "object-file", setup.TestPrograms(), "section", "tc/drop");
        setup.Server.Ip($"address replace {RealServer.Vip}/32 dev lo scope global");

        var said = setup.Succeed("remove");

        Assert.Contains("net/ipv4/conf/all/arp_announce: left at 1", said, StringComparison.Ordinal);
        Assert.Contains("clsact left alone", said, StringComparison.Ordinal);
        Assert.Equal(1, setup.Sysctl("all/arp_announce"));
        Assert.Equal(0, setup.Sysctl("all/arp_ignore"));
        Assert.Contains("pref 500", setup.Server.Run("tc", "filter", "show", "dev", "eth0", "egress"), StringComparison.Ordinal);
    }

    [Fact]
    public void OneVipGoesAndTheRestStays()
    {
        using var setup = new RealServer();
        var before = setup.Dump();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");

        setup.Succeed($"remove --vip {RealServer.OtherVip}");
        setup.Succeed("verify");
        Assert.DoesNotContain(RealServer.OtherVip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        Assert.Contains(RealServer.Vip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);

        setup.Succeed($"remove --vip {RealServer.Vip}");
        Assert.Equal(before, setup.Dump());
    }

    [Fact]
    public void AVipThatWasThereBeforeIsLeftWhenAnotherApplyDropsIt()
    {
        using var setup = new RealServer();
        setup.Server.Ip($"address add {RealServer.OtherVip}/32 dev lo");
        var before = setup.Dump();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");
        setup.ApplyLayer3();
        Assert.Contains(RealServer.OtherVip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        setup.Succeed("remove");
        Assert.Equal(before, setup.Dump());
    }

    [Fact]
    public void AnInterfaceThatIsNoLongerNamedIsRestored()
    {
        using var setup = new RealServer();
        setup.Server.Ip("link add eth1 type veth peer name eth2");
        setup.Server.Ip("link set eth1 up");
        string Dump() => setup.Server.Run("sh", "-c", "cat /proc/sys/net/ipv4/conf/eth1/*") + setup.Server.Run("tc", "qdisc", "show", "dev", "eth1");
        var before = Dump();
        setup.ApplyLayer3("--interface eth1");
        Assert.Contains("clsact", setup.Server.Run("tc", "qdisc", "show", "dev", "eth1"), StringComparison.Ordinal);
        setup.ApplyLayer3();
        Assert.Equal(before, Dump());
    }

    [Fact]
    public void TheStateOfANamespaceThatIsGoneIsNotBelieved()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        var file = Assert.Single(Directory.GetFiles(setup.StateDirectory, "netns-*.json"));
        setup.Succeed("remove");
        var before = setup.Dump();
        // As when the kernel gives the inode of a deleted namespace to a new one.
        File.WriteAllText(file, $$"""
            { "version": 2, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" },
              "sysctls": [ { "interfaceIndex": 0, "interfaceName": "all", "key": "arp_ignore", "before": 0, "ours": {{setup.Sysctl("all/arp_ignore")}} } ],
              "addresses": [ { "vip": "127.0.0.1", "existedBefore": false } ] }
            """);
        setup.ApplyLayer3();
        setup.Succeed("remove");
        Assert.Equal(before, setup.Dump());
    }
}

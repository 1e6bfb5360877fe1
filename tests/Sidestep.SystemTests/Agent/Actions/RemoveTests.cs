namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>remove restores the host, judged by the tools of the system.</summary>
public sealed class RemoveTests
{
    [Fact]
    public void Remove_restores_the_original_state()
    {
        using var setup = new RealServer();
        var before = setup.DumpState();

        setup.ApplyLayer3();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip} --director {RealServer.UnknownHost}");
        Assert.NotEqual(before, setup.DumpState());
        setup.RunAgent("remove");

        Assert.Equal(before, setup.DumpState());
        Assert.Contains("nothing to remove", setup.RunAgent("remove"), StringComparison.Ordinal);
    }

    [Fact]
    public void Remove_keeps_what_the_operator_had_configured()
    {
        using var setup = new RealServer();
        setup.SetSysctl("all/arp_ignore", 2);
        setup.SetSysctl("eth0/arp_announce", 1);
        setup.SetSysctl("all/rp_filter", 1);
        setup.SetSysctl("eth0/rp_filter", 1);
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        setup.Server.Run("tc", "qdisc", "add", "dev", "eth0", "clsact");
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "ingress", "pref", "500", "bpf", "direct-action",
            "object-file", setup.ExtractTestPrograms(), "section", "tc/drop");
        var before = setup.DumpState();

        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");
        Assert.Equal(2, setup.Sysctl("all/arp_ignore"));
        Assert.Equal(1, setup.Sysctl("all/rp_filter"));
        Assert.Equal(2, setup.Sysctl("eth0/rp_filter"));
        setup.RunAgent("remove");

        Assert.Equal(before, setup.DumpState());
    }

    [Fact]
    public void Later_changes_by_others_are_reported_and_left_alone()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        setup.SetSysctl("all/arp_announce", 1);
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "egress", "pref", "500", "bpf", "direct-action",
            "object-file", setup.ExtractTestPrograms(), "section", "tc/drop");
        setup.Server.Ip($"address replace {RealServer.Vip}/32 dev lo scope global");

        var output = setup.RunAgent("remove");

        Assert.Contains("net/ipv4/conf/all/arp_announce: stays 1", output, StringComparison.Ordinal);
        Assert.Contains("clsact not removed", output, StringComparison.Ordinal);
        Assert.Equal(1, setup.Sysctl("all/arp_announce"));
        Assert.Equal(0, setup.Sysctl("all/arp_ignore"));
        var filters = setup.Server.Run("tc", "filter", "show", "dev", "eth0", "egress");
        Assert.Contains("pref 500", filters, StringComparison.Ordinal);
    }

    [Fact]
    public void Removing_one_VIP_leaves_the_rest_in_place()
    {
        using var setup = new RealServer();
        var before = setup.DumpState();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");

        setup.RunAgent($"remove --vip {RealServer.OtherVip}");
        setup.RunAgent("verify");
        Assert.DoesNotContain(RealServer.OtherVip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        Assert.Contains(RealServer.Vip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);

        setup.RunAgent($"remove --vip {RealServer.Vip}");
        Assert.Equal(before, setup.DumpState());
    }

    [Fact]
    public void A_VIP_present_before_the_agent_stays_when_a_later_apply_drops_it()
    {
        using var setup = new RealServer();
        setup.Server.Ip($"address add {RealServer.OtherVip}/32 dev lo");
        var before = setup.DumpState();
        setup.ApplyLayer3($"--vip {RealServer.OtherVip}");
        setup.ApplyLayer3();
        Assert.Contains(RealServer.OtherVip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        setup.RunAgent("remove");
        Assert.Equal(before, setup.DumpState());
    }

    [Fact]
    public void An_interface_missing_from_a_later_apply_is_restored()
    {
        using var setup = new RealServer();
        setup.Server.Ip("link add eth1 type veth peer name eth2");
        setup.Server.Ip("link set eth1 up");
        string DumpInterface() => setup.Server.Run("sh", "-c", "cat /proc/sys/net/ipv4/conf/eth1/*")
            + setup.Server.Run("tc", "qdisc", "show", "dev", "eth1");
        var before = DumpInterface();
        setup.ApplyLayer3("--interface eth1");
        Assert.Contains("clsact", setup.Server.Run("tc", "qdisc", "show", "dev", "eth1"), StringComparison.Ordinal);
        setup.ApplyLayer3();
        Assert.Equal(before, DumpInterface());
    }

    [Fact]
    public void Stored_state_of_a_deleted_namespace_is_ignored()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        var file = Assert.Single(Directory.GetFiles(setup.StateDirectory, "netns-*.json"));
        setup.RunAgent("remove");
        var before = setup.DumpState();
        // As when the kernel gives the inode of a deleted namespace to a new one.
        File.WriteAllText(file, $$"""
            { "version": 2, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" },
              "sysctls": [ { "interfaceIndex": 0, "interfaceName": "all", "key": "arp_ignore", "before": 0,
                             "ours": {{setup.Sysctl("all/arp_ignore")}} } ],
              "addresses": [ { "vip": "127.0.0.1", "existedBefore": false } ] }
            """);
        setup.ApplyLayer3();
        setup.RunAgent("remove");
        Assert.Equal(before, setup.DumpState());
    }
}

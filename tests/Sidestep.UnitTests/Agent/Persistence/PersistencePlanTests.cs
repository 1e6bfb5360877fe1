using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;

namespace Sidestep.UnitTests.Agent.Persistence;

public sealed class PersistencePlanTests : IDisposable
{
    private const string Wants = "etc/systemd/system/multi-user.target.wants/";
    private readonly TempFolder _root = new();
    private readonly FakeKernel _kernel = new();
    private readonly List<Problem> _problems = [];

    public static TheoryData<string, string> Hosts => new()
    {
        { "", "" },
        { "etc/netplan/50-cloud-init.yaml", "Netplan /etc/netplan/50-cloud-init.yaml" },
        { Wants + "systemd-networkd.service", "Networkd /" + Wants + "systemd-networkd.service" },
        { "run/systemd/netif/state", "Networkd /run/systemd/netif/state" },
        { Wants + "NetworkManager.service", "NetworkManager /" + Wants + "NetworkManager.service" },
        { "run/NetworkManager/NetworkManager.pid", "NetworkManager /run/NetworkManager/NetworkManager.pid" },
        { "run/NetworkManager/devices/1", "NetworkManager /run/NetworkManager/devices" },
        { "etc/sysconfig/network-scripts/ifcfg-eth0", "Ifcfg /etc/sysconfig/network-scripts/ifcfg-eth0" },
        { "sbin/ifup usr/lib/ifupdown/x etc/network/interfaces", "Ifupdown /etc/network/interfaces" },
        { "sbin/ifup etc/network/interfaces", "" },
        { "usr/lib/ifupdown/x etc/network/interfaces", "" },
        { "sbin/ifup usr/lib/ifupdown/x", "" },
        { $"etc/netplan/a.yaml {Wants}systemd-networkd.service", "Netplan /etc/netplan/a.yaml" },
        { $"etc/sysconfig/network-scripts/ifcfg-eth0 {Wants}NetworkManager.service",
            "NetworkManager /" + Wants + "NetworkManager.service" },
    };

    [Theory]
    [MemberData(nameof(Hosts))]
    public void The_network_manager_in_use_is_detected_by_its_files(string files, string expected)
    {
        foreach (var file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            _root.Put(file, "  iface lo inet loopback\n");
        Assert.Equal(expected,
            string.Join(", ", NetworkManagers.InUse(new HostFiles(_root.Path))
            .Select(static m => $"{m.Manager} {m.Evidence}")));
    }

    [Fact]
    public void A_plan_has_sysctls_before_addresses()
    {
        _root.Put("etc/netplan/a.yaml");
        var plan = Make()!;
        Assert.Equal(["/etc/sysctl.d/60-sidestep.conf", "/etc/netplan/60-sidestep.yaml"],
            plan.Files.Select(static f => f.Path));
        Assert.Empty(plan.Remarks);
        Assert.Equal("""
            # Written by sidestep-agent, which replaces it; 'sidestep-agent remove' deletes it.
            # A real server sends no ARP for its VIPs, and accepts client packets from any interface.
            net/ipv4/conf/all/arp_ignore = 1
            net/ipv4/conf/all/arp_announce = 2
            net/ipv4/conf/eth0/arp_ignore = 1
            net/ipv4/conf/eth0/arp_announce = 2
            net/ipv4/conf/eth0/rp_filter = 2

            """, plan.Files[0].Text);
    }

    [Fact]
    public void A_named_manager_is_used_whatever_the_host_has()
    {
        _root.Put("etc/netplan/a.yaml");
        Assert.Equal("/etc/systemd/network/05-sidestep-lo.network", Make(NetworkManagerKind.Networkd)!.Files[1].Path);
    }

    [Fact]
    public void Without_or_with_two_managers_there_is_no_plan()
    {
        Assert.Null(Make());
        _root.Put(Wants + "systemd-networkd.service");
        _root.Put(Wants + "NetworkManager.service");
        Assert.Null(Make());
        Assert.Equal(["found no network manager on this host",
            $"found more than one network manager that could configure lo: networkd (/{Wants}systemd-networkd.service) "
                + $"and networkmanager (/{Wants}NetworkManager.service)"],
            _problems.Select(static p => p.Reason));
    }

    [Fact]
    public void Decapsulation_is_remarked_because_no_network_manager_can_load_programs()
    {
        var desired = TestSpec.Desired(_kernel, TestSpec.Of(TestSpec.Layer3("ipip", TestSpec.Vip)));
        var remark = Assert
            .Single(PersistencePlan.Make(desired, new HostFiles(_root.Path), NetworkManagerKind.Netplan,
            _problems)!.Remarks);
        Assert.StartsWith("Only the agent can load the program that removes outer headers", remark,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_problem_of_the_manager_leaves_no_plan()
    {
        Assert.Null(Make(NetworkManagerKind.Ifupdown));
        Assert.Equal("/etc/network/interfaces", Assert.Single(_problems).Value);
    }

    [Fact]
    public void The_unit_runs_the_agent_with_its_arguments()
    {
        var unit = AgentUnit.File("/usr/bin/sidestep-agent", "--spec /etc/sidestep/spec.json --interface eth0");
        Assert.Equal("/etc/systemd/system/sidestep-agent.service", unit.Path);
        var lines = unit.Text.Split('\n');
        Assert.Equal(PersistencePlan.HeaderLine, lines[0]);
        Assert.Contains("ExecStart=/usr/bin/sidestep-agent run --spec /etc/sidestep/spec.json --interface eth0", lines);
        Assert.Contains("AmbientCapabilities=CAP_NET_ADMIN CAP_SYS_ADMIN", lines);
        Assert.Contains("StateDirectory=sidestep-agent", lines);
        // What starts after it, such as nginx, finds the VIPs.
        Assert.Contains("Type=notify", lines);
        Assert.Contains("ExecReload=kill -HUP $MAINPID", lines);
        Assert.Contains("WatchdogSec=60", lines);
        Assert.EndsWith("[Install]\nWantedBy=multi-user.target\n", unit.Text, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private PersistencePlan? Make(NetworkManagerKind? manager = null) => PersistencePlan.Make(
        TestSpec.Desired(_kernel, TestSpec.Of(TestSpec.Layer2(TestSpec.Vip))), new HostFiles(_root.Path), manager,
            _problems);
}

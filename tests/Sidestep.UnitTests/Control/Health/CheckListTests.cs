using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Which checks a configuration gives.</summary>
public sealed class CheckListTests
{
    [Theory]
    [InlineData(ProbePath.DsrPath, "192.0.2.1 80 dsr-path")]
    [InlineData(ProbePath.Server, "10.0.0.1 80 server")]
    [InlineData(ProbePath.Both, "192.0.2.1 80 dsr-path, 10.0.0.1 80 server")]
    public void Monitor_probes_the_VIP_along_the_DSR_path_and_the_port_of_the_server(ProbePath probe, string expected)
    {
        var server = Assert.Single(CheckList.Of(Configuration(1, Tcp with { Probe = probe })));
        Assert.Equal((Group with { Service = ServiceKey.InDefault("s0") }, "server1"),
            (server.Group, server.Server.Name));
        Assert.All(server.Checks, static c => Assert.Equal((Group, "server1", "tcp"),
            (c.Key.Group, c.Server, c.Key.Monitor)));
        Assert.Equal(expected, Describe(server));
    }

    [Fact]
    public void Every_VIP_is_checked_but_each_port_of_the_server_only_once()
    {
        var configuration = Services(Configuration(1, Tcp with { Probe = ProbePath.Both }), static s => s with
        {
            Vips = [IPNetwork.Parse("192.0.2.1/32"), IPNetwork.Parse("192.0.2.2/32")],
        });
        Assert.Equal(
            "192.0.2.1 80 dsr-path, 192.0.2.2 80 dsr-path, 10.0.0.1 80 server",
                Describe(CheckList.Of(configuration).Single()));
    }

    [Fact]
    public void Disabled_servers_and_pools_without_monitors_have_no_checks()
    {
        static Pool Disabled(Pool p) => p
            with
        { Servers = [p.Servers[0] with { State = ServerState.Disabled }, p.Servers[1]] };
        Assert.Equal(["server2"], CheckList.Of(Configuration(2, Disabled, Tcp)).Select(static s => s.Server.Name));
        Assert.Empty(CheckList.Of(Configuration(2)));
    }

    [Fact]
    public void Draining_server_is_still_checked()
    {
        var drained = Configuration(1, Tcp)
            .WithDrains([new ServerDrain(RealServerKey.InDefault("server1"), DrainSource.Operator)]);
        Assert.Equal(ServerState.Draining, Assert.Single(CheckList.Of(drained)).Server.State);
    }

    [Fact]
    public void Pool_that_names_no_monitor_has_a_TCP_check() =>
        Assert.Equal("192.0.2.1 80 dsr-path",
            Describe(CheckList.Of(Configuration(1, static p => p with { Monitors = null })).Single()));

    [Fact]
    public void Disabled_service_gives_no_checks() =>
        Assert.Empty(CheckList.Of(Services(Configuration(1, Tcp), static s => s with { Enabled = false })));

    [Fact]
    public void Pool_in_two_encapsulations_is_checked_in_both()
    {
        var configuration = Configuration(1, Tcp);
        var service = configuration.Desired.VirtualServices[0];
        var both = new EffectiveConfiguration(configuration.Desired with
        {
            NetworkProfiles =
                [.. configuration.Desired.NetworkProfiles,
                    new NetworkProfile { Name = "gre", Encapsulation = Encapsulation.Gre }],
            VirtualServices = [service, service
                with { Name = "s1", NetworkProfile = "gre", Ports = [PortRange.One(81)] }],
        });
        Assert.Equal(
            ["pool/l2: 192.0.2.1 80 dsr-path", "pool/gre: 192.0.2.1 81 dsr-path"],
            CheckList.Of(both).Select(static s => $"{s.Group}: {Describe(s)}"));
    }

    [Fact]
    public void Retained_pool_and_the_pool_of_the_service_are_both_checked()
    {
        var written = Configuration(1, Tcp);
        var old = written.Pools[0] with { Name = "old", Servers = [Server(9)] };
        var retained = written.WithRetained([new RetainedService(written.Desired.VirtualServices[0], old)], [], [Tcp]);
        Assert.Equal(["server1", "server9"], CheckList.Of(retained).Select(static s => s.Server.Name));
    }

    private static EffectiveConfiguration Services(EffectiveConfiguration configuration, Func<VirtualService,
        VirtualService> change) =>
        new(configuration.Desired with { VirtualServices = [.. configuration.Desired.VirtualServices.Select(change)] });

    private static string Describe(MonitoredServer server) => string.Join(", ", server.Checks.Select(static c =>
        $"{c.Key.Target} {c.Key.Port} {(c.Key.ThroughDsrPath ? "dsr-path" : "server")}"));
}

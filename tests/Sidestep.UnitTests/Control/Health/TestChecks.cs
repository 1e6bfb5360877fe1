using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>A pool "pool" with servers 10.0.0.1, 10.0.0.2, ... behind one TCP service, and the checks of it.</summary>
internal static class TestChecks
{
    public static readonly GroupKey Group = new(PoolKey.InDefault("pool"), Encap.Layer2);
    public static readonly IPAddress Vip = IPAddress.Parse("192.0.2.1");
    public static readonly HealthMonitor Tcp = new() { Name = "tcp", Type = MonitorType.Tcp, Rise = 1, Fall = 1 };

    public static VrfAddress Address(int server) => VrfAddress.InDefault(new IPAddress([10, 0, 0, (byte)server]));

    public static RealServer Server(int number) =>
        new() { Name = $"server{number}", Address = Address(number).Address };

    /// <summary>Whose servers are all monitored by these.</summary>
    public static EffectiveConfiguration Configuration(int servers, params HealthMonitor[] monitors) =>
        Configuration(servers, static p => p, monitors);

    public static EffectiveConfiguration Configuration(int servers, Func<Pool, Pool> change,
        params HealthMonitor[] monitors)
    {
        var configuration = ControlLoopFixture.WithServers([.. Enumerable.Range(1, servers).Select(Server)]);
        return new EffectiveConfiguration(configuration with
        {
            HealthMonitors = [.. monitors],
            Pools = [change(configuration.Pools[0] with { Monitors = [.. monitors.Select(static m => m.Name)] })],
            VirtualServices =
            [
                configuration.VirtualServices[0] with { Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)] },
            ],
        });
    }

    /// <summary>The key of a check along the DSR path of a server, at port 80 of the VIP.</summary>
    public static CheckKey Key(int server, string monitor = "tcp") =>
        new(Group, Address(server), monitor, Vip, 80, true);

    /// <summary>Compiles with the tracker's health and reports the tables as applied, as the control loop
    /// does.</summary>
    public static ForwardingTables Apply(
        HealthTracker tracker, EffectiveConfiguration configuration, ForwardingTables? previous = null)
    {
        var health = tracker.Evaluate(configuration);
        var egress = new EgressInterface(1, "eth0", default, IPAddress.Parse("10.0.0.254"), 1500);
        var hops = configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress).Distinct()
            .ToDictionary(static a => a, _ => new NextHop(egress, default));
        var tables = TableCompiler.Compile(
            configuration, new NextHops([egress], hops, new Dictionary<VrfAddress, string>()), previous,
            DateTimeOffset.UnixEpoch, health: health);
        tracker.Applied(configuration, tables, health);
        return tables;
    }
}

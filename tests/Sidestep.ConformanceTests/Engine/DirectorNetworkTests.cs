using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary><c>sidestep trace</c> matches a running director: with its configuration and its pinned maps, the pipeline
/// in C# sends the same bytes.</summary>
[Collection(SerialEngines.Name)]
public sealed class DirectorNetworkTests
{
    private const int Clients = 60;

    [Fact]
    public void Trace_matches_a_running_director_in_the_middle_of_a_transition()
    {
        const string Before = """
            interfaces: {uplink: {address6: director6, mtu: 1400}}
            profiles: {gue: {dsr: l3, encapsulation: gue}}
            pools: {far6: {servers: {far6: {address: far6}}}}
            services:
              web-v6: {vip: vip6, protocol: tcp, port: 80, pool: far6, profile: gue}
              far: {pool: web, profile: null}
            """;
        const string After =
            "{pools: {web: {servers: {web2: {address: web2}, web3: {address: web3}}}, "
            + "far6: {servers: {far1: {address: far1}}}}}";
        using var pinned = new PinnedEngine();
        var first = CaseTable.Given(Before);
        var tables = TableCompiler.Compile(first.Configuration, first.NextHops, now: DateTimeOffset.UnixEpoch);
        pinned.Engine.Apply(tables);
        var given = CaseTable.Given(CaseTable.Merged(Before, After));
        pinned.Engine.Apply(
            TableCompiler.Compile(given.Configuration, given.NextHops, tables, DateTimeOffset.UnixEpoch,
                pinned.Engine.ReadFlows));
        // Half of the clients are tracked, some with their new servers.
        for (var client = 0; client < Clients; client += 2)
        {
            foreach (var frame in Frames(client, client % 4 == 0 ? "S" : "A"))
                pinned.Engine.Trace(frame, 1);
        }

        var running = DirectorNetwork.Read(pinned.PinPath, PinnedEngine.Name, [])!;
        using var managed = new ManagedEngine(4096);
        managed.Apply(
            TableCompiler.Compile(given.Configuration, running.NextHops, running.Groups.ToPrevious(),
                DateTimeOffset.UnixEpoch));
        foreach (var flow in running.Flows)
            managed.Track(flow);

        Assert.InRange(running.Flows.Count, Clients / 4, 3 * Clients);
        Assert.Equal(1400, running.NextHops.Interfaces.Single().MtuBytes);
        for (var client = 0; client < Clients; client++)
        {
            foreach (var frame in Frames(client, "A"))
                FrameAssert.Equal(pinned.Engine.Trace(frame, 1).Frame.ToArray(), managed.Trace(frame, 1).Frame.Span);
        }
    }

    [Fact]
    public void Reading_a_missing_director_returns_null() =>
        Assert.Null(DirectorNetwork.Read("/sys/fs/bpf/sse-none", "none", []));

    private static byte[][] Frames(int client, string flags) =>
    [
        .. new[] { $"ipv4: {{from: 203.0.113.{client + 1}}}", $"ipv4: {{from: 203.0.113.{client + 1}, to: vip-l3}}",
            string.Create(CultureInfo.InvariantCulture, $"ipv6: {{from: '2001:db8:c::{client + 1:x}'}}") }
            .Select(network => CaseTable.Frame($"[{network}, tcp: {{from: {40_000 + client}, flags: {flags}}}]")),
    ];
}

using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Tables that exceed a capacity are rejected with the numbers, and change nothing.</summary>
[Collection(SerialEngines.Name)]
public sealed class CapacityTests(Engines engines)
{
    private readonly IEngine _engine = engines[Engines.OneArm];

    [Fact]
    public void Too_many_services_are_rejected_and_change_nothing() => AssertRejected(
        TestTables.Compile([TestTables.Pool("p", "s1")],
            Enumerable.Range(0, 16385).Select(
                static i => TestTables.Service($"v{i}", "p", vip: 0xcb00_7101 + (uint)i / 1000, port: 1 + i % 1000))),
        "16385 services, 16384 fit");

    [Fact]
    public void Too_many_servers_are_rejected_and_change_nothing() => AssertRejected(
        TestTables.Compile(
            [TestTables.Pool("p", 262139, [.. Enumerable.Range(1, 131072).Select(static i => ($"s{i}", 1))])],
                [TestTables.Service("v", "p")]),
        "131072 real servers", "131071 fit");

    [Fact]
    public void Too_many_slots_are_rejected_and_change_nothing() => AssertRejected(
        TestTables.Compile(
            Enumerable.Range(0, 65).Select(static i => TestTables.Pool($"p{i}", 262139, ("s1", 1))),
            Enumerable.Range(0, 65).Select(static i => TestTables.Service($"v{i}", $"p{i}", port: i + 1))),
        $"{65 * 262139} slots in all slot tables", $"{16384 * 1024} fit");

    /// <summary>A full table changes all its entries in one update.</summary>
    [Fact]
    public void Full_service_table_can_be_replaced_in_one_update()
    {
        ForwardingTables Full(string name) =>
            TestTables.Compile([TestTables.Pool("p", "s1")],
                Enumerable.Range(0, 16384).Select(
                    i => TestTables.Service(name + i, "p", vip: 0xcb00_7101 + (uint)i / 1000, port: 1 + i % 1000)));
        _engine.Apply(Full("a"));
        _engine.Apply(Full("b"));
        Assert.Equal(16384, _engine.ReadCounters().Services.Count);
        Assert.All(
            _engine.ReadCounters().Services, static s => Assert.StartsWith("b", s.Key.Name, StringComparison.Ordinal));
    }

    private void AssertRejected(ForwardingTables tables, params string[] expected)
    {
        _engine.Apply(
            TestTables.Compile([TestTables.Pool("previous", "s1")],
                [TestTables.Service("previous", "previous", port: 9)]));
        var error = Assert.Throws<EngineException>(() => _engine.Apply(tables));
        Assert.All(expected, w => Assert.Contains(w, error.Message, StringComparison.Ordinal));
        Assert.Contains("docs/limits.md", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            XdpAction.Transmit, _engine.Trace(TestTables.Datagram(0xcb00_7101, 9), TestTables.InterfaceIndex).Action);
        Assert.Equal([ServiceKey.InDefault("previous")], _engine.ReadCounters().Services.Keys);
    }
}

using System.Text;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Persistence;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>State that an engine leaves to the next one after a crash.</summary>
public sealed class PersistentStateTests : IDisposable
{
    private const uint Vip = 0xcb00_7101, FirstClient = 0xc633_6401;
    private const int Flows = 1024, Clients = 200;
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-state-").FullName;

    private string StatePath => Path.Combine(_folder, "director");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Restarted_engine_adopts_flows_slots_and_migration_windows()
    {
        var one = TestTables.Compile([TestTables.Pool("p", "s1", "s2")], [TestTables.Service("s", "p")]);
        var two = TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")], [TestTables.Service("s", "p")], one);
        using var killed = Engine(Flows);
        Assert.Empty(killed.Notes);
        Assert.Null(killed.ReadRunning());
        killed.Apply(one);
        killed.Apply(two);
        Process(killed);
        var before = TrackedFlows(killed);
        Assert.NotEmpty(before);

        using var next = Engine(Flows);
        Assert.Equal(["adopted the flow table of an earlier daemon"], next.Notes);
        // They contain client addresses.
        Assert.All(
            Directory.GetFiles(_folder), static f => Assert.Equal("600", Shell.Run("stat", "--format=%a", f).Trim()));
        var running = next.ReadRunning()!;
        Assert.Equal(two.HashKey, running.HashKey);
        Assert.Equal(two.Groups[0].Slots.Slots, running.Groups[0].Slots.Slots);
        Assert.Equal(two.Groups[0].Slots.Members, running.Groups[0].Slots.Members);
        Assert.Equal(two.Groups[0].Transition!.PreviousServers, running.Groups[0].Transition!.PreviousServers);
        // No flow could be seen meanwhile.
        Assert.InRange(
            running.Groups[0].Transition!.MigrationWindowEnds - two.Groups[0].Transition!.MigrationWindowEnds,
                TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60));
        Assert.Equal(before.Count, next.ReadFlows().ByServer.Values.Sum());
        next.Apply(
            TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")], [TestTables.Service("s", "p")],
                running.ToPrevious()));
        Assert.Equal(before, TrackedFlows(next));
    }

    [Fact]
    public void Flows_of_a_removed_server_are_not_restored()
    {
        var both = TestTables.Compile([TestTables.Pool("p", "s1", "s2")], [TestTables.Service("s", "p")]);
        using (var killed = Engine(Flows))
        {
            killed.Apply(both);
            killed.Apply(
                TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")], [TestTables.Service("s", "p")], both));
            Process(killed);
        }
        using var next = Engine(Flows);
        next.Apply(
            TestTables.Compile([TestTables.Pool("p", "s2", "s3")], [TestTables.Service("s", "p")],
                next.ReadRunning()!.ToPrevious()));
        Assert.DoesNotContain(TrackedFlows(next), static f => f.Contains("s1", StringComparison.Ordinal));
    }

    [Fact]
    public void State_of_another_size_or_damaged_state_is_discarded_with_a_note()
    {
        using (var killed = Engine(Flows))
            killed.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("s", "p")]));
        using (var larger = Engine(2 * Flows))
        {
            Assert.Contains("it was sized for 1024 flows, now 2048", Assert.Single(larger.Notes),
                StringComparison.Ordinal);
            Assert.Null(larger.ReadRunning());
            larger.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("s", "p")]));
        }
        var state = File.ReadAllBytes(StatePath + ".tables");
        File.WriteAllBytes(StatePath + ".tables", state[..^9]);
        using (var cut = Engine(2 * Flows))
            Assert.Contains("it cannot be read", Assert.Single(cut.Notes), StringComparison.Ordinal);
        using var anew = Engine(2 * Flows);
        Assert.Empty(anew.Notes);
    }

    /// <summary>Sends a datagram of each client.</summary>
    private static void Process(ManagedEngine engine)
    {
        var pipeline = engine.NewPipeline();
        for (var client = 0; client < Clients; client++)
        {
            var datagram = TestTables.Datagram(Vip, 53, FirstClient + (uint)client);
            var buffer = new byte[Frame.Headroom + datagram.Length + Frame.Tailroom];
            datagram.CopyTo(buffer, Frame.Headroom);
            var frame = new Frame(buffer, Frame.Headroom, datagram.Length);
            Assert.Equal(Decision.Forward, pipeline.Process(engine.Tables!, ref frame, TestTables.InterfaceIndex));
        }
    }

    private static SortedSet<string> TrackedFlows(ManagedEngine engine)
    {
        var flows = new SortedSet<string>(StringComparer.Ordinal);
        engine.VisitFlows(
            f => flows.Add(new StringBuilder().Append(f.Service).Append(' ').Append(f.Flow).Append(' ').Append(
                f.Server.Name).ToString()));
        return flows;
    }

    private ManagedEngine Engine(int flows) => new(flows, null, PersistentFlowTable.Open(StatePath, flows));
}

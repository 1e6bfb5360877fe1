using System.Text;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>What an engine that ended without a word leaves to the next one.</summary>
public sealed class KeptMemoryTests : IDisposable
{
    private const uint Vip = 0xcb00_7101, FirstClient = 0xc633_6401;
    private const int Flows = 1024, Clients = 200;
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-kept-").FullName;

    private string Kept => Path.Combine(_folder, "director");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Flows_slots_and_windows_are_those_of_before()
    {
        var one = Tables.Compile([Tables.Pool("p", "s1", "s2")], [Tables.Service("s", "p")]);
        var two = Tables.Compile([Tables.Pool("p", "s1", "s2", "s3")], [Tables.Service("s", "p")], one);
        using var killed = ManagedEngine.Keeping(Flows, Kept);
        Assert.Empty(killed.Notes);
        Assert.Null(killed.ReadRunning());
        killed.Apply(one);
        killed.Apply(two);
        Process(killed);
        var before = Remembered(killed);
        Assert.NotEmpty(before);

        using var next = ManagedEngine.Keeping(Flows, Kept);
        Assert.Equal(["adopted what an earlier daemon remembered"], next.Notes);
        // They name clients.
        Assert.All(Directory.GetFiles(_folder), static f => Assert.Equal("600", Shell.Run("stat", "--format=%a", f).Trim()));
        var running = next.ReadRunning()!;
        Assert.Equal(two.HashKey, running.HashKey);
        Assert.Equal(two.Groups[0].Slots.Slots, running.Groups[0].Slots.Slots);
        Assert.Equal(two.Groups[0].Slots.Members, running.Groups[0].Slots.Members);
        Assert.Equal(two.Groups[0].Transition!.Former, running.Groups[0].Transition!.Former);
        // Nobody could be seen meanwhile.
        Assert.InRange(running.Groups[0].Transition!.WindowEnds - two.Groups[0].Transition!.WindowEnds, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60));
        Assert.Equal(before.Count, next.ReadFlows().ByServer.Values.Sum());
        next.Apply(Tables.Compile([Tables.Pool("p", "s1", "s2", "s3")], [Tables.Service("s", "p")], running.ToPrevious()));
        Assert.Equal(before, Remembered(next));
    }

    [Fact]
    public void Flows_of_a_server_that_is_gone_are_forgotten()
    {
        var both = Tables.Compile([Tables.Pool("p", "s1", "s2")], [Tables.Service("s", "p")]);
        using (var killed = ManagedEngine.Keeping(Flows, Kept))
        {
            killed.Apply(both);
            killed.Apply(Tables.Compile([Tables.Pool("p", "s1", "s2", "s3")], [Tables.Service("s", "p")], both));
            Process(killed);
        }
        using var next = ManagedEngine.Keeping(Flows, Kept);
        next.Apply(Tables.Compile([Tables.Pool("p", "s2", "s3")], [Tables.Service("s", "p")], next.ReadRunning()!.ToPrevious()));
        Assert.DoesNotContain(Remembered(next), static f => f.Contains("s1", StringComparison.Ordinal));
    }

    [Fact]
    public void What_does_not_fit_begins_anew_and_is_said()
    {
        using (var killed = ManagedEngine.Keeping(Flows, Kept))
            killed.Apply(Tables.Compile([Tables.Pool("p", "s1")], [Tables.Service("s", "p")]));
        using (var larger = ManagedEngine.Keeping(2 * Flows, Kept))
        {
            Assert.Contains("room for 1024 flows, now 2048", Assert.Single(larger.Notes), StringComparison.Ordinal);
            Assert.Null(larger.ReadRunning());
            larger.Apply(Tables.Compile([Tables.Pool("p", "s1")], [Tables.Service("s", "p")]));
        }
        var state = File.ReadAllBytes(Kept + ".tables");
        File.WriteAllBytes(Kept + ".tables", state[..^9]);
        using (var cut = ManagedEngine.Keeping(2 * Flows, Kept))
            Assert.Contains("it cannot be read", Assert.Single(cut.Notes), StringComparison.Ordinal);
        using var anew = ManagedEngine.Keeping(2 * Flows, Kept);
        Assert.Empty(anew.Notes);
    }

    /// <summary>A datagram of each client.</summary>
    private static void Process(ManagedEngine engine)
    {
        var pipeline = engine.NewPipeline();
        for (var client = 0; client < Clients; client++)
        {
            var datagram = Tables.Datagram(Vip, 53, FirstClient + (uint)client);
            var buffer = new byte[Frame.Headroom + datagram.Length + Frame.Tailroom];
            datagram.CopyTo(buffer, Frame.Headroom);
            var frame = new Frame(buffer, Frame.Headroom, datagram.Length);
            Assert.Equal(Decision.Forward, pipeline.Process(engine.Tables!, ref frame, Tables.InterfaceIndex));
        }
    }

    private static SortedSet<string> Remembered(ManagedEngine engine)
    {
        var flows = new SortedSet<string>(StringComparer.Ordinal);
        engine.VisitFlows(f => flows.Add(new StringBuilder().Append(f.Service).Append(' ').Append(f.Flow).Append(' ').Append(f.Server.Name).ToString()));
        return flows;
    }
}

using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Persistence;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>The files of the flow table: adopted by the next process, or replaced by new ones with a note that says
/// why.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PersistentFlowTableTests : IDisposable
{
    private const int Flows = 1024;
    private const string Adopted = "adopted the flow table of an earlier daemon";
    private const string CannotAdopt = "cannot adopt the flow table of an earlier daemon, starting with an empty one: ";
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-flows-").FullName;

    private string StatePath => Path.Combine(_folder, "director");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void New_files_have_no_note_and_no_outage()
    {
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        Assert.Null(table.Note);
        Assert.Null(table.Found);
        Assert.Equal(TimeSpan.Zero, table.Outage);
        Assert.NotNull(table.Flows);
        // Without saved state, a file with flows alone means nothing.
        Assert.Equal(["director.flow-keys", "director.flows"], Files());
    }

    [Fact]
    public void Files_are_readable_by_the_owner_alone()
    {
        Save();
        Assert.All(Directory.GetFiles(_folder), static f =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public void Flows_and_IDs_of_an_earlier_process_are_adopted()
    {
        using (var engine = new ManagedEngine(Flows, null, PersistentFlowTable.Open(StatePath, Flows)))
        {
            engine.Apply(RoundRobin());
            Process(engine, clients: 50);
        }
        using var next = new ManagedEngine(Flows, null, PersistentFlowTable.Open(StatePath, Flows));
        Assert.Equal([Adopted], next.Notes);
        Assert.Equal(50, next.ReadFlows().ByServer.Values.Sum());
        var running = next.ReadRunning()!;
        Assert.Equal(["s1", "s2"], running.Groups.Single().Servers.Select(static s => s.Name));
        next.Apply(RoundRobin(running.ToPrevious()));
        var flows = new List<TrackedFlow>();
        next.VisitFlows(flows.Add);
        Assert.Equal(50, flows.Count);
        Assert.All(flows, static f => Assert.Equal(ServiceKey.InDefault("dns"), f.Service));
        Assert.Equal(Enumerable.Range(0, 50).Select(static i => TestTables.Address(TestTables.FirstClient + (uint)i)),
            flows.Select(static f => f.Flow.Source).OrderBy(static a => a, AddressComparer.Instance));
    }

    [Fact]
    public void Outage_covers_at_least_the_startup_time()
    {
        Save();
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        // From the last heartbeat, a moment ago, and 15 s until frames are received.
        Assert.InRange(table.Outage, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData(Flows * 2)]
    [InlineData(Flows / 2)]
    public void Table_of_another_size_is_not_adopted(int size)
    {
        Save();
        using var table = PersistentFlowTable.Open(StatePath, size);
        Assert.Equal($"{CannotAdopt}it was sized for {Flows} flows, now {size}", table.Note);
        Assert.Null(table.Found);
        Assert.DoesNotContain("director.tables", Files());
    }

    [Theory]
    [InlineData(0, "layout: 1, this version has 1")] // the magic number
    [InlineData(4, "layout: 254, this version has 1")]
    public void File_of_another_layout_is_not_adopted(int at, string reason)
    {
        Save();
        Change(at, static b => (byte)~b);
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        // Only the lowest byte of the layout is inverted.
        Assert.Equal(CannotAdopt + reason, table.Note);
    }

    [Fact]
    public void State_of_an_earlier_boot_is_discarded_without_a_note()
    {
        Save();
        // The boot ID is a string of 36 characters after magic, layout and length.
        Change(9, static b => b == (byte)'0' ? (byte)'1' : (byte)'0');
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        Assert.Null(table.Found);
        Assert.Null(table.Note);
    }

    [Fact]
    public void Truncated_state_is_never_adopted()
    {
        Save();
        var state = File.ReadAllBytes(StatePath + ".tables");
        foreach (var length in Enumerable.Range(0, state.Length).Where(static l => l < 100 || l % 97 == 0))
        {
            File.WriteAllBytes(StatePath + ".tables", state[..length]);
            using var table = PersistentFlowTable.Open(StatePath, Flows);
            Assert.Null(table.Found);
            Assert.NotNull(table.Flows);
            Assert.StartsWith($"{CannotAdopt}it cannot be read (", table.Note, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damaged_state_is_adopted_or_replaced_but_never_throws()
    {
        Save();
        var random = new Random(9);
        var state = File.ReadAllBytes(StatePath + ".tables");
        for (var i = 0; i < 200; i++)
        {
            var damaged = state.ToArray();
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(StatePath + ".tables", damaged);
            using var table = PersistentFlowTable.Open(StatePath, Flows);
            Assert.NotNull(table.Flows);
            Assert.Equal(table.Found is not null, table.Note == Adopted);
        }
    }

    [Theory]
    [InlineData(".flows")]
    [InlineData(".flow-keys")]
    public void State_without_its_flows_is_not_adopted(string suffix)
    {
        Save();
        File.Delete(StatePath + suffix);
        using (var table = PersistentFlowTable.Open(StatePath, Flows))
            Assert.Null(table.Found);
        Save();
        File.WriteAllBytes(StatePath + suffix, new byte[100]);
        using (var table = PersistentFlowTable.Open(StatePath, Flows))
            Assert.Null(table.Found);
    }

    [Fact]
    public void Folder_that_cannot_be_created_is_noted_and_nothing_is_persisted()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        using var table = PersistentFlowTable.Open(Path.Combine(file, "director"), Flows);
        Assert.Null(table.Flows);
        Assert.StartsWith("a restart will lose tracked flows and migration windows: ", table.Note,
            StringComparison.Ordinal);
        table.Save(State()); // without files, saving does nothing
        Assert.Equal(["file"], Files());
    }

    [Fact]
    public void State_that_cannot_be_saved_is_an_error_that_names_the_file()
    {
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        Directory.CreateDirectory(StatePath + ".tables");
        var error = Assert.Throws<EngineException>(() => table.Save(State()));
        Assert.StartsWith($"cannot save the state for the next daemon to {StatePath}.tables: ", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Removal_deletes_every_file()
    {
        Save();
        Assert.Equal(["director.flow-keys", "director.flows", "director.tables"], Files());
        PersistentFlowTable.Remove(StatePath);
        Assert.Empty(Files());
        PersistentFlowTable.Remove(StatePath); // again: there is nothing to delete
    }

    private string[] Files() =>
        [.. Directory.GetFileSystemEntries(_folder).Select(static f => Path.GetFileName(f))
        .Order(StringComparer.Ordinal)];

    private void Change(int at, Func<byte, byte> change)
    {
        var state = File.ReadAllBytes(StatePath + ".tables");
        state[at] = change(state[at]);
        File.WriteAllBytes(StatePath + ".tables", state);
    }

    private void Save()
    {
        using var table = PersistentFlowTable.Open(StatePath, Flows);
        table.Save(State());
    }

    private static PersistentState State()
    {
        var tables = RoundRobin();
        var ids = new IdMap(16, 16);
        ids.Allocate(tables);
        return new PersistentState(ids.PersistedIds, new RunningGroups(tables.HashKey, tables.Groups));
    }

    /// <summary>Tables that track every flow.</summary>
    private static ForwardingTables RoundRobin(ForwardingTables? previous = null) => TestTables.Compile(
        [TestTables.Pool("p", "s1", "s2") with { Algorithm = Algorithm.RoundRobin }],
        [TestTables.Service("dns", "p")], previous);

    private static void Process(ManagedEngine engine, int clients)
    {
        var pipeline = engine.NewPipeline();
        for (var client = 0; client < clients; client++)
        {
            var datagram = TestTables.Datagram(client: TestTables.FirstClient + (uint)client);
            var buffer = new byte[Frame.Headroom + datagram.Length + Frame.Tailroom];
            datagram.CopyTo(buffer, Frame.Headroom);
            var frame = new Frame(buffer, Frame.Headroom, datagram.Length);
            Assert.Equal(Decision.Forward, pipeline.Process(engine.Tables!, ref frame, TestTables.InterfaceIndex));
        }
    }
}

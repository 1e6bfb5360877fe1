using Sidestep.Control.Agents;
using Sidestep.Control.Stores;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Stores;

public sealed class OperationalStateStoreTests : IDisposable
{
    private static readonly DateTimeOffset Then = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TempFolder _folder = new();
    private readonly OperationalStateStore _store;
    private readonly List<string> _warnings = [];
    private readonly ManualTime _time = new();

    public OperationalStateStoreTests() => _store = new OperationalStateStore(_folder.Path("s.json"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void State_is_read_as_it_was_written()
    {
        var drain = new StoredDrain("web1", DrainSource.Operator, Then);
        _store.Write(new OperationalState { Drains = [drain] });
        Assert.Equal([drain], _store.Read(out var note).Drains);
        Assert.Null(note);
        Assert.Contains("\"setBy\": \"operator\"", File.ReadAllText(_folder.Path("s.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_is_an_empty_state_without_a_note()
    {
        Assert.Empty(_store.Read(out var note).Drains);
        Assert.Null(note);
        _store.Delete();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\": 2, \"drains\": []}")]
    [InlineData("{\"version\": 1, \"drains\": null}")]
    [InlineData("{\"version\": 1, \"drains\": [null]}")]
    [InlineData("{\"version\": 1, \"drains\": [{\"server\": \"\"}]}")]
    [InlineData("{\"version\": 1, \"other\": 1}")]
    public void Damaged_file_is_an_empty_state_with_a_note(string text)
    {
        _folder.Write("s.json", text);
        Assert.Empty(_store.Read(out var note).Drains);
        Assert.StartsWith(_folder.Path("s.json") + ": ", note, StringComparison.Ordinal);
        Assert.EndsWith("drains of the previous run are lost", note, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_was_cut_or_changed_anywhere_is_never_an_exception()
    {
        _store.Write(new OperationalState { Drains = [new StoredDrain("web1", DrainSource.Operator, Then)] });
        string text = File.ReadAllText(_folder.Path("s.json"));
        for (int i = 0; i < text.Length; i++)
        {
            _folder.Write("s.json", text[..i]);
            _store.Read(out _);
            _folder.Write("s.json", text[..i] + "\0\"" + text[(i + 1)..]);
            _store.Read(out _);
        }
    }

    [Fact]
    public void Drain_of_an_operator_is_in_force_after_a_restart_with_its_time()
    {
        var drains = Start();
        drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: true);
        drains.Set(RealServerKey.InDefault("web2"), DrainSource.VipConflict, drains: true);
        var since = Assert.Single(_store.Read(out _).Drains).Since;
        _time.Advance(TimeSpan.FromMinutes(5));

        drains = Start();
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("web1"), DrainSource.Operator)], drains.Drains);
        drains.Set(RealServerKey.InDefault("web3"), DrainSource.Operator, drains: true);
        Assert.Equal([since, since + TimeSpan.FromMinutes(5)], _store.Read(out _).Drains.Select(static d => d.Since));

        drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: false);
        Assert.Equal(["web3"], Start().Drains.Select(static d => d.Server.ToString()));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Damaged_file_and_failed_write_are_warnings()
    {
        _folder.Write("s.json", "{");
        var drains = Start();
        Assert.Single(_warnings);
        Directory.CreateDirectory(_folder.Path("s.json.new"));
        drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: true);
        Assert.StartsWith("drains are not kept over a restart: ", _warnings[^1], StringComparison.Ordinal);
    }

    private DrainOverlay Start()
    {
        var drains = new DrainOverlay();
        _ = new DrainPersistence(drains, _store, _time, _warnings.Add);
        return drains;
    }
}

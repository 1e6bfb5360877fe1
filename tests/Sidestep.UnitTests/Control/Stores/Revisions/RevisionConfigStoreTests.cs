using Sidestep.Control.Stores;
using Sidestep.Control.Stores.Revisions;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon;
using Sidestep.UnitTests.Model;

namespace Sidestep.UnitTests.Control.Stores.Revisions;

public sealed class RevisionConfigStoreTests : IDisposable
{
    private static readonly RevisionNote Note = new("root (uid 0)", "because");

    private static readonly Configuration First = TestDocument.Read(TestDocument.Valid).Configuration!;

    private readonly TempFolder _temp = new();
    private readonly List<string> _problems = [];
    private readonly ManualTime _time = new();
    private readonly RevisionConfigStore _store;
    private Action<string> _flush = static _ => { };
    private Func<HostInfo?> _readHost = static () => TestDocument.Host;

    public RevisionConfigStoreTests()
    {
        var folder = Folder();
        RevisionConfigStore.Initialize(folder, First, "--initial-config d.yaml", _time);
        _store = Open(folder);
    }

    [Fact]
    public async Task Change_is_stored_published_and_there_after_a_restart()
    {
        var change = await _store.ChangeAsync(Weight(7), Note, Cancellation);
        Assert.True(change.IsChanged);
        Assert.Equal((2L, "root (uid 0)", "because"),
            (change.Revision.Number, change.Revision.Author, change.Revision.Reason));
        var published = await _store.WaitForChangeAsync(1, Cancellation);
        Assert.Equal(7, published.Result!.Configuration!.Pools[0].Servers[0].Weight);

        using var again = Open(Folder());
        Assert.Equal(7, again.Accepted.Configuration.Pools[0].Servers[0].Weight);
        Assert.Equal(["--initial-config d.yaml", "root (uid 0)"], again.Revisions.Select(static r => r.Author));
        Assert.Equal(ConfigurationWriter.ToJson(First, isIndented: false), again.ReadConfiguration(1));
    }

    [Fact]
    public async Task Objects_that_a_change_does_not_touch_stay_the_same_instances()
    {
        var before = _store.Accepted.Configuration;
        var after = (await _store.ChangeAsync(static a => a.Json.Replace("\"port\":443", "\"port\":444",
            StringComparison.Ordinal), Note, Cancellation)).Configuration;
        Assert.Same(before.Pools[0], after.Pools[0]);
        Assert.Same(before.VirtualServices[0], after.VirtualServices[0]);
        Assert.NotSame(before.VirtualServices[1], after.VirtualServices[1]);
        Assert.Same(after.Pools[0], _store.Current.Result!.Configuration!.Pools[0]);
    }

    [Fact]
    public async Task Configuration_that_is_the_same_is_no_revision()
    {
        var change = await _store.ChangeAsync(static a => ConfigurationWriter.ToYaml(a.Configuration), Note,
            Cancellation);
        Assert.False(change.IsChanged);
        Assert.Equal(1, change.Revision.Number);
        Assert.Single(_store.Revisions);
        Assert.Equal(1, _store.Current.Number);
    }

    [Fact]
    public async Task Dry_run_checks_and_stores_nothing()
    {
        var change = await _store.ChangeAsync(Weight(7), null, Cancellation);
        Assert.True(change.IsChanged);
        Assert.Equal(7, change.Configuration.Pools[0].Servers[0].Weight);
        Assert.Equal(5, _store.Accepted.Configuration.Pools[0].Servers[0].Weight);
        Assert.Single(_store.Revisions);
    }

    [Fact]
    public async Task Configuration_with_errors_is_rejected_with_all_of_them()
    {
        var error = await Assert.ThrowsAsync<RejectedConfigurationException>(() => _store.ChangeAsync(
            static a => a.Json.Replace("\"weight\":5", "\"weight\":-5,\"prot\":1", StringComparison.Ordinal), Note,
            Cancellation));
        Assert.Equal(["/pools/0/servers/0/weight", "/pools/0/servers/0/prot"],
            error.Errors.Select(static e => e.JsonPointer));
        Assert.Single(_store.Revisions);
    }

    [Fact]
    public async Task Configuration_that_the_daemon_cannot_apply_is_rejected_with_the_reason()
    {
        _store.RejectionReason = static _ => "another engine runs";
        var error = await Assert.ThrowsAsync<RejectedConfigurationException>(() =>
            _store.ChangeAsync(Weight(7), Note, Cancellation));
        Assert.Equal("another engine runs", error.Message);
        Assert.Empty(error.Errors);
        Assert.Single(_store.Revisions);
    }

    [Fact]
    public async Task Change_that_cannot_be_stored_changes_nothing_and_the_next_one_is_tried()
    {
        _flush = static _ => throw new IOException("no space");
        await Assert.ThrowsAsync<IOException>(() => _store.ChangeAsync(Weight(7), Note, Cancellation));
        Assert.Equal(5, _store.Accepted.Configuration.Pools[0].Servers[0].Weight);
        Assert.Equal(1, _store.Current.Number);
        _flush = static _ => { };
        Assert.Equal(2, (await _store.ChangeAsync(Weight(8), Note, Cancellation)).Revision.Number);
    }

    [Fact]
    public async Task Concurrent_changes_lose_none()
    {
        const int Writers = 20, Changes = 10;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < Changes; i++)
            {
                await _store.ChangeAsync(static a => Replaced(a, a.Configuration.Pools[0].Servers[0].Weight + 1), Note,
                    Cancellation);
            }
        })));
        Assert.Equal(5 + (Writers * Changes), _store.Accepted.Configuration.Pools[0].Servers[0].Weight);
        Assert.Equal(1 + (Writers * Changes), _store.Revisions.Length);
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Reload_publishes_the_newest_revision_again_or_why_it_cannot_be_checked()
    {
        await _store.ChangeAsync(Weight(7), Note, Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = _store.RunAsync(stop.Token);
        _store.Reload();
        var again = await _store.WaitForChangeAsync(2, Cancellation);
        Assert.Equal(7, again.Result!.Configuration!.Pools[0].Servers[0].Weight);
        Assert.Equal(2, _store.Revisions.Length);

        _readHost = static () => throw new IOException("too many open files");
        _store.Reload();
        Assert.Equal("too many open files", (await _store.WaitForChangeAsync(3, Cancellation)).Problem);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>The interface that the servers of a layer-2 service are on has lost its address.</summary>
    [Fact]
    public async Task What_the_machine_violates_already_rejects_no_change()
    {
        var before = await _store.ChangeAsync(static a => a.Json, Note, Cancellation);
        Assert.Empty(before.Warnings);
        _readHost = static () => new HostInfo([new HostInterface("eth0", [])]);
        var change = await _store.ChangeAsync(Weight(7), Note, Cancellation);
        Assert.Equal(2, change.Revision.Number);
        Assert.Contains(change.Warnings, static w => w.Value == "10.0.0.11"
            && w.Reason.StartsWith("not on a network that is directly attached", StringComparison.Ordinal));
        // A new error still does, and is alone in the answer.
        var error = await Assert.ThrowsAsync<RejectedConfigurationException>(() => _store.ChangeAsync(
            static a => a.Json.Replace("10.0.0.12", "10.0.0.13", StringComparison.Ordinal), Note, Cancellation));
        Assert.Equal("10.0.0.13", Assert.Single(error.Errors).Value);
    }

    [Fact]
    public async Task Warning_is_reported_with_the_change_that_causes_it_only()
    {
        string unused = "{\"name\":\"spare\"}";
        var first = await _store.ChangeAsync(a => a.Json.Replace("\"pools\":[", $"\"pools\":[{unused},",
            StringComparison.Ordinal), Note, Cancellation);
        Assert.NotEmpty(first.Warnings);
        Assert.All(_store.Current.Result!.Warnings, static w => Assert.Equal(0, w.Line));
        var second = await _store.ChangeAsync(static a => a.Json.Replace("\"port\":443", "\"port\":444",
            StringComparison.Ordinal), Note, Cancellation);
        Assert.True(second.IsChanged);
        Assert.Empty(second.Warnings);
        Assert.Empty(_store.Current.Result!.Warnings);
    }

    [Fact]
    public void Folder_without_a_revision_is_an_error()
    {
        var error = Assert.Throws<IOException>(() => Open(new RevisionFolder(_temp.Path("empty"), static _ => { },
            RevisionLimits.Default)));
        Assert.Equal($"{_temp.Path("empty")} has no revision that can be read", error.Message);
    }

    public void Dispose()
    {
        _store.Dispose();
        _temp.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Func<AcceptedConfiguration, string> Weight(int weight) => a => Replaced(a, weight);

    private static string Replaced(AcceptedConfiguration accepted, int weight) => accepted.Json.Replace(
        $"\"weight\":{accepted.Configuration.Pools[0].Servers[0].Weight}", $"\"weight\":{weight}",
        StringComparison.Ordinal);

    private RevisionFolder Folder() => new(_temp.Path("revisions"), path => _flush(path), RevisionLimits.Default);

    private RevisionConfigStore Open(RevisionFolder folder) =>
        new(folder, () => _readHost(), _problems.Add, _time);
}

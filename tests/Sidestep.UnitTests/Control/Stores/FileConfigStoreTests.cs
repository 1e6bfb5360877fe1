using System.Diagnostics;
using Sidestep.Control.Stores;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon;
using Sidestep.UnitTests.Model;

namespace Sidestep.UnitTests.Control.Stores;

public sealed class FileConfigStoreTests : ConfigStoreContract, IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FileConfigStore _store;
    private readonly Task _watch;
    private HostInfo _host = TestDocument.Host;

    public FileConfigStoreTests()
    {
        _folder.Write("d.yaml", ConfigurationWriter.ToYaml(First));
        _store = new FileConfigStore(_folder.Path("d.yaml"), () => _host, TimeProvider.System);
        _watch = _store.RunAsync(_stop.Token);
    }

    protected override IConfigStore Store => _store;

    protected override string Origin => _folder.Path("d.yaml");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watch.WaitAsync(TimeSpan.FromSeconds(60)));
        _store.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Kernel_reports_changes() => Assert.Null(_store.NotificationProblem);

    [Fact]
    public async Task File_that_is_written_in_place_is_read()
    {
        _folder.Write("d.yaml", ConfigurationWriter.ToYaml(Slots(4093)));
        await AssertSlotsAsync(1, 4093);
    }

    [Fact]
    public async Task File_that_an_editor_renames_away_and_writes_again_is_read()
    {
        File.Move(Origin, Origin + "~");
        _folder.Write("d.yaml", ConfigurationWriter.ToYaml(Slots(4093)));
        await AssertSlotsAsync(1, 4093);
    }

    [Fact]
    public async Task Json_in_the_same_file_is_read()
    {
        _folder.Replace("d.yaml", ConfigurationWriter.ToJson(Slots(4093)));
        await AssertSlotsAsync(1, 4093);
    }

    [Fact]
    public async Task Reload_is_a_revision_although_the_file_is_the_same()
    {
        _host = new HostInfo([new HostInterface("eth9", [])]);
        _store.Reload();
        Assert.True(LacksInterface(await NextAsync(1)));
        _host = TestDocument.Host;
        _store.Reload();
        Assert.False(LacksInterface(await NextAsync(2)));

        static bool LacksInterface(ConfigRevision revision) =>
            revision.Result!.Warnings.Any(static w => w.Path == "node.interfaces[0].name");
    }

    [Fact]
    public async Task Same_text_is_no_revision()
    {
        _folder.Replace("d.yaml", ConfigurationWriter.ToYaml(First));
        _folder.Replace("other.yaml", "x");
        _folder.Replace("d.yaml", ConfigurationWriter.ToYaml(Slots(4093)));
        await AssertSlotsAsync(1, 4093);
        Assert.Equal(2, _store.Current.Number);
    }

    [Fact]
    public async Task Missing_file_at_the_start_is_a_problem_until_it_is_there()
    {
        using var store = new FileConfigStore(_folder.Path("later.yaml"), () => _host, TimeProvider.System);
        Assert.Contains("later.yaml", store.Current.Problem!, StringComparison.Ordinal);
        var watch = store.RunAsync(_stop.Token);
        _folder.Replace("later.yaml", TestDocument.Valid);
        Assert.NotNull((await store.WaitForChangeAsync(1, _stop.Token)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).Result);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    /// <summary>A ConfigMap of Kubernetes: only the link ..data is switched.</summary>
    [Fact]
    public async Task Switched_link_of_a_folder_is_read()
    {
        WriteVersion("..1", First);
        Directory.CreateSymbolicLink(_folder.Path("..data"), "..1");
        File.CreateSymbolicLink(_folder.Path("map.yaml"), "..data/d.yaml");
        using var store = new FileConfigStore(_folder.Path("map.yaml"), () => _host, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var watch = store.RunAsync(stop.Token);
        for (int i = 2; i < 5; i++)
        {
            long before = store.Current.Number;
            int slots = SlotCounts.All[i];
            WriteVersion($"..{i}", Slots(slots));
            Directory.CreateSymbolicLink(_folder.Path("..new"), $"..{i}");
            // rename(2), which File.Move refuses for links to folders.
            using (var move = Process.Start("mv", ["-T", _folder.Path("..new"), _folder.Path("..data")]))
                await move.WaitForExitAsync(stop.Token);
            Directory.Delete(_folder.Path(i == 2 ? "..1" : $"..{i - 1}"), recursive: true);
            var next = await store.WaitForChangeAsync(before, stop.Token)
                .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            Assert.Equal(slots, next.Result!.Configuration!.Pools[0].Slots);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    protected override void Write(Configuration configuration) =>
        _folder.Replace("d.yaml", ConfigurationWriter.ToYaml(configuration));

    protected override void Break() => File.Delete(Origin);

    private void WriteVersion(string folder, Configuration configuration)
    {
        Directory.CreateDirectory(_folder.Path(folder));
        _folder.Write($"{folder}/d.yaml", ConfigurationWriter.ToYaml(configuration));
    }

    private async Task AssertSlotsAsync(long after, int slots) =>
        Assert.Equal(slots, (await NextAsync(after)).Result!.Configuration!.Pools[0].Slots);
}

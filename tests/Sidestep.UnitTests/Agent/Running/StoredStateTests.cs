using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.UnitTests.Control;
using Sidestep.UnitTests.Hosting;

namespace Sidestep.UnitTests.Agent.Running;

/// <summary>What a running agent stores and watches in files: last spec, admin state, spec file.</summary>
public sealed class StoredStateTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _log = [];

    [Fact]
    public void The_last_spec_is_read_again_with_its_time()
    {
        Assert.Null(LastSpec.Read(_folder.Path, _log.Add));
        Assert.Null(LastSpec.Read(_folder.PathOf("none"), _log.Add));
        LastSpec.Write(_folder.Path, TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        File.SetLastWriteTimeUtc(_folder.PathOf("spec.json"), new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc));
        var (spec, stored) = LastSpec.Read(_folder.Path, _log.Add)!.Value;
        Assert.Equal((7, TestSpec.Vip, new DateTime(2026, 3, 1, 12, 0, 0)),
            (spec.Revision, spec.Services.Single().Vips.Single().BaseAddress.ToString(), stored));
        LastSpec.Delete(_folder.Path);
        LastSpec.Delete(_folder.Path);
        LastSpec.Delete(_folder.PathOf("none"));
        Assert.Empty(_folder.Files);
        Assert.Empty(_log);
    }

    [Fact]
    public void A_damaged_last_spec_is_logged_and_ignored()
    {
        _folder.Put("spec.json", "{");
        Assert.Null(LastSpec.Read(_folder.Path, _log.Add));
        Assert.StartsWith($"the last spec in {_folder.PathOf("spec.json")} is damaged and ignored: ",
            Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public void The_admin_state_is_stored_until_it_is_enabled_again()
    {
        var folder = _folder.PathOf("new");
        Assert.Equal("enabled", StoredAdminState.Read(folder));
        StoredAdminState.Write(folder, "draining");
        Assert.Equal("draining", StoredAdminState.Read(folder));
        StoredAdminState.Write(folder, "enabled");
        StoredAdminState.Write(folder, "enabled");
        Assert.Equal("enabled", StoredAdminState.Read(folder));
    }

    [Fact]
    public void A_spec_file_is_read_once_for_each_change()
    {
        var revisions = new List<long>();
        var file = _folder.Put("wanted.json", """{ "revision": 1 }""");
        using var watch = new SpecWatch(file, new ManualTime(), TestSupervisor.Create(),
            s => revisions.Add(s.Revision), Log);
        watch.Check();
        watch.Check();
        Assert.Equal([1], revisions);
        _folder.Put("wanted.json", """{ "revision": 22 }""");
        watch.Check();
        // The same length, another time.
        _folder.Put("wanted.json", """{ "revision": 33 }""");
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc));
        watch.Check();
        Assert.Equal([1, 22, 33], revisions);
        Assert.Empty(_log);
    }

    [Fact]
    public void An_invalid_or_missing_spec_file_is_logged_once_and_passes_nothing_on()
    {
        var revisions = new List<long>();
        var file = _folder.Put("wanted.json", "{ ");
        using var watch = new SpecWatch(file, new ManualTime(), TestSupervisor.Create(),
            s => revisions.Add(s.Revision), Log);
        watch.Check();
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc));
        watch.Check();
        Assert.StartsWith($"--spec {file}: is invalid at ", Assert.Single(_log), StringComparison.Ordinal);
        File.Delete(file);
        watch.Check();
        Assert.Equal(2, _log.Count);
        _folder.Put("wanted.json", """{ "revision": 4 }""");
        watch.Check();
        Assert.Equal([4], revisions);
        _folder.Put("wanted.json", "{ ");
        watch.Check();
        Assert.Equal(3, _log.Count);
    }

    [Fact]
    public void A_reload_reads_an_unchanged_file_again_and_logs_its_errors_again()
    {
        var revisions = new List<long>();
        var file = _folder.Put("wanted.json", """{ "revision": 1 }""");
        using var watch = new SpecWatch(file, new ManualTime(), TestSupervisor.Create(),
            s => revisions.Add(s.Revision), Log);
        watch.Check();
        watch.Reload();
        watch.Check();
        Assert.Equal([1, 1], revisions);
        _folder.Put("wanted.json", "{ ");
        watch.Check();
        watch.Reload();
        Assert.Equal(2, _log.Count);
        Assert.Equal(_log[0], _log[1]);
    }

    [Fact]
    public void The_timer_checks_the_file_every_quarter_of_a_second()
    {
        var time = new ManualTime();
        var revisions = new List<long>();
        var file = _folder.Put("wanted.json", """{ "revision": 1 }""");
        using (new SpecWatch(file, time, TestSupervisor.Create(), s => revisions.Add(s.Revision), Log))
        {
            time.Advance(TimeSpan.FromMilliseconds(249));
            Assert.Empty(revisions);
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal([1], revisions);
        }
        Assert.Null(time.NextDue);
    }

    public void Dispose() => _folder.Dispose();

    private void Log(Problem problem) => _log.Add(problem.ToLine());
}

using System.Text.Json;
using Sidestep.Agent;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Persistence;

public sealed class PersistenceStoreTests : IDisposable
{
    private static readonly SysctlRecord ArpIgnore = new(2, "eth0", "arp_ignore", 0, 1);
    private readonly TempFolder _root = new(), _state = new();
    private readonly List<string> _log = [];

    private PersistenceStore Store => new(_state.Path);

    private HostFiles Files => new(_root.Path);

    [Fact]
    public void Files_are_written_with_their_mode_and_removed_again()
    {
        Write(Plan("/etc/a", "/etc/b"));
        Assert.Equal(["etc/a", "etc/b"], _root.Files);
        Assert.Equal(Text("/etc/a"), _root.Read("etc/a"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_root.PathOf("etc/a")));
        Assert.Equal(["/etc/a", "/etc/b"], Store.Written);
        Assert.Equal(2, Store.Remove(Files, _log.Add));
        Assert.Empty(_root.Files);
        Assert.Empty(_state.Files);
        Assert.Equal(["/etc/a: written", "/etc/b: written", "a remark", "/etc/a: removed", "/etc/b: removed"], _log);
        Assert.Equal(0, Store.Remove(Files, _log.Add));
        Assert.Empty(Store.Written);
    }

    [Fact]
    public void An_unchanged_file_is_not_written_again()
    {
        Write(Plan("/etc/a"));
        _log.Clear();
        Write(Plan("/etc/a"));
        Assert.Equal(["a remark"], _log);
    }

    [Fact]
    public void A_file_of_the_host_comes_back_with_its_old_content()
    {
        _root.Put("etc/a", "the host's own\n");
        Write(Plan("/etc/a"));
        Write(Plan("/etc/a", "/etc/b"));
        Store.Remove(Files, _log.Add);
        Assert.Equal(["etc/a"], _root.Files);
        Assert.Equal("the host's own\n", _root.Read("etc/a"));
        Assert.Contains("/etc/a: restored", _log);
    }

    [Fact]
    public void A_file_that_a_later_plan_lacks_is_removed()
    {
        Write(Plan("/etc/a", "/etc/b"));
        Write(Plan("/etc/b", "/etc/c"));
        Assert.Equal(["etc/b", "etc/c"], _root.Files);
        Assert.Equal(["/etc/b", "/etc/c"], Store.Written);
    }

    [Fact]
    public void A_file_that_another_program_wrote_since_stays()
    {
        Write(Plan("/etc/a", "/etc/b"));
        _root.Put("etc/a", "another program's\n");
        File.Delete(_root.PathOf("etc/b"));
        _log.Clear();
        Store.Remove(Files, _log.Add);
        Assert.Equal("another program's\n", _root.Read("etc/a"));
        Assert.Equal(["/etc/a: not changed, because another program has written it since"], _log);
    }

    [Fact]
    public void The_oldest_value_of_a_sysctl_is_the_one_from_before()
    {
        Assert.Null(Store.Before(ArpIgnore));
        Write(Plan("/etc/a"), ArpIgnore with { Before = 3 });
        Write(Plan("/etc/a"), ArpIgnore with { Before = 1 }, ArpIgnore with { InterfaceName = "all", Before = 2 });
        Assert.Equal(3, Store.Before(ArpIgnore));
        Assert.Equal(2, Store.Before(ArpIgnore with { InterfaceName = "all" }));
        Assert.Null(Store.Before(ArpIgnore with { Key = "rp_filter" }));
    }

    [Fact]
    public void An_interrupted_write_can_be_removed()
    {
        Write(Plan("/etc/a"));
        var failing = Plan("/etc/b", "/etc/a/below-a-file");
        Assert.ThrowsAny<IOException>(() => Write(failing));
        Store.Remove(Files, _log.Add);
        Assert.Empty(_root.Files);
    }

    [Fact]
    public void A_damaged_record_is_an_error_that_names_the_remedy()
    {
        _state.Put("persistence.json", "{");
        var error = Assert.Throws<AgentException>(() => Store.Written);
        Assert.StartsWith($"the file {_state.PathOf("persistence.json")} is damaged: ", error.Message,
            StringComparison.Ordinal);
        Assert.Contains(PersistencePlan.HeaderLine, error.Remedy, StringComparison.Ordinal);
        Assert.IsType<JsonException>(error.InnerException, exactMatch: false);
    }

    [Fact]
    public void The_check_finds_missing_and_foreign_files()
    {
        Write(Plan("/etc/a", "/etc/b", "/etc/c"));
        _root.Put("etc/b", "another program's\n");
        File.Delete(_root.PathOf("etc/c"));
        Assert.Equal(
            ["/etc/a Ok present ",
            "/etc/b Wrong missing, or written by another program Run 'sidestep-agent apply --persist' again.",
            "/etc/c Wrong missing, or written by another program Run 'sidestep-agent apply --persist' again."],
                Check());
    }

    [Fact]
    public void Without_files_and_without_the_service_the_check_notes_it()
    {
        Assert.StartsWith(" Note nothing survives a restart of the host Run ", Assert.Single(Check()),
            StringComparison.Ordinal);
        _root.Put("etc/systemd/system/multi-user.target.wants/sidestep-agent.service");
        Assert.Empty(Check());
    }

    public void Dispose()
    {
        _root.Dispose();
        _state.Dispose();
    }

    private static string Text(string path) => $"{PersistencePlan.HeaderLine}\n{path}\n";

    private static PersistencePlan Plan(params string[] paths) =>
        new([.. paths.Select(static p => new PlannedFile(p, Text(p), PlannedFile.Secret))], ["a remark"]);

    private void Write(PersistencePlan plan, params SysctlRecord[] sysctls) =>
        Store.Write(plan, sysctls, Files, _log.Add);

    private string[] Check()
    {
        var result = new Verification();
        PersistenceCheck.Run(_state.Path, Files,
            TestSpec.Desired(new FakeKernel(), TestSpec.Of(TestSpec.Layer2(TestSpec.Vip))), result);
        Assert.All(result.Conditions, static c => Assert.Equal(ConditionNames.Persistence, c.Name));
        return [.. result.Conditions.Select(static c => $"{c.Subject} {c.Status} {c.Found} {c.Remedy}")];
    }
}

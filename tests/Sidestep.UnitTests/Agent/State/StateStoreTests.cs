using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Agent;
using Sidestep.Agent.State;
using Sidestep.Native;

namespace Sidestep.UnitTests.Agent.State;

public sealed class StateStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string StateFile => _folder.PathOf($"netns-{NetworkNamespace.Current().Inode}.json");

    [Fact]
    public void A_saved_state_is_loaded_again()
    {
        using (var store = StateStore.OpenForChange(_folder.Path))
        {
            Assert.Null(store.Load());
            store.Save(Example(store));
        }
        using var reader = StateStore.OpenForReading(_folder.Path);
        var state = reader.Load()!;
        Assert.False(reader.FoundStale);
        Assert.Equal([new SysctlRecord(0, "all", "arp_ignore", 0, 1)], state.Sysctls);
        Assert.Equal([new AddressRecord(TestSpec.Vip, false), new AddressRecord("203.0.113.128/25", true)],
            state.Addresses);
        Assert.Equal([new QdiscRecord(2, true)], state.Qdiscs);
        Assert.Equal([2], state.Interfaces);
        Assert.True(state.Programs);
        Assert.Equal([IPNetwork.Parse("203.0.113.10/32"), IPNetwork.Parse("203.0.113.128/25")], state.AllVips);
        Assert.Equal(7, state.Spec!.Revision);
        Assert.Equal(TestSpec.Networks(TestSpec.Vip), state.Spec.Services.Single().Vips);
    }

    [Fact]
    public void Missing_values_of_the_spec_get_their_defaults()
    {
        using var store = StateStore.OpenForChange(_folder.Path);
        store.Save(Example(store));
        var json = JsonNode.Parse(File.ReadAllText(StateFile))!;
        json["spec"] = JsonNode.Parse("""{ "services": [ { "vips": ["203.0.113.10"] } ] }""");
        File.WriteAllText(StateFile, json.ToJsonString());
        Assert.Equal("l2", store.Load()!.Spec!.Services.Single().Dsr);
    }

    [Fact]
    public void The_state_of_another_namespace_with_the_same_inode_is_stale()
    {
        using var store = StateStore.OpenForChange(_folder.Path);
        store.Save(Example(store) with { Namespace = NetworkNamespace.Current() with { BootId = "other" } });
        Assert.Null(store.Load());
        Assert.True(store.FoundStale);
        store.Save(Example(store));
        Assert.NotNull(store.Load());
        Assert.False(store.FoundStale);
    }

    [Fact]
    public void A_damaged_file_is_an_error_that_names_the_remedy()
    {
        _folder.Put(Path.GetFileName(StateFile), "{ \"version\": 2, ");
        using var store = StateStore.OpenForReading(_folder.Path);
        var error = Assert.Throws<AgentException>(store.Load);
        Assert.StartsWith($"the state file {StateFile} is damaged: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("by hand", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", "")]
    [InlineData("""{ "version": 1, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" } }""", "1")]
    [InlineData("""{ "version": 3, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" } }""", "3")]
    public void A_file_of_another_version_is_an_error(string text, string version)
    {
        _folder.Put(Path.GetFileName(StateFile), text);
        using var store = StateStore.OpenForReading(_folder.Path);
        Assert.Equal($"the state file {StateFile} has version {version}, and this agent reads 2",
            Assert.Throws<AgentException>(store.Load).Message);
    }

    [Fact]
    public void A_deleted_state_is_gone()
    {
        using var store = StateStore.OpenForChange(_folder.Path);
        store.Save(store.Empty());
        store.Delete();
        Assert.Null(store.Load());
        Assert.Equal([Path.GetFileName(StateFile) + ".lock"], _folder.Files);
    }

    [Fact]
    public void Only_one_agent_at_a_time_may_change_the_state()
    {
        using (StateStore.OpenForChange(_folder.Path))
        {
            using var reader = StateStore.OpenForReading(_folder.Path);
            Assert.Null(reader.Load());
            var error = Assert.Throws<AgentException>(() => StateStore.OpenForChange(_folder.Path, TimeSpan.Zero));
            Assert.Equal($"another sidestep-agent has locked the state for 0 seconds (lock file {StateFile}.lock)",
                error.Message);
        }
        using var next = StateStore.OpenForChange(_folder.Path, TimeSpan.Zero);
    }

    [Fact]
    public void A_directory_that_cannot_be_created_is_an_error_that_names_the_option()
    {
        var file = _folder.Put("file");
        var error = Assert.Throws<AgentException>(() => StateStore.OpenForChange(Path.Combine(file, "state")));
        Assert.StartsWith($"cannot use the state directory {file}/state: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("--state-dir", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_other_namespaces_from_before_the_boot_are_deleted()
    {
        var ours = Path.GetFileName(StateFile);
        foreach (var name in new[] { "netns-1.json", "netns-1.sock", "netns-2.json", ours, "persistence.json" })
            _folder.Put(name, "{}");
        foreach (var name in new[] { "netns-1.json", "netns-1.sock", ours, "persistence.json" })
            File.SetLastWriteTimeUtc(_folder.PathOf(name), new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using var store = StateStore.OpenForChange(_folder.Path);
        Assert.Equal(new[] { "netns-2.json", ours, ours + ".lock", "persistence.json" }.Order(StringComparer.Ordinal),
            _folder.Files);
    }

    /// <summary>The wall clock was wrong while the machine started, and was set later.</summary>
    [Fact]
    public void Files_of_other_namespaces_of_this_boot_stay_whatever_their_times_say()
    {
        _folder.Put("netns-1.json", $$"""{ "namespace": { "bootId": "{{NetworkNamespace.Current().BootId}}" } }""");
        _folder.Put("netns-1.sock", "");
        foreach (var name in new[] { "netns-1.json", "netns-1.sock" })
            File.SetLastWriteTimeUtc(_folder.PathOf(name), new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using var store = StateStore.OpenForChange(_folder.Path);
        Assert.Contains("netns-1.json", _folder.Files);
        Assert.Contains("netns-1.sock", _folder.Files);
    }

    [Fact]
    public void The_socket_lies_beside_the_state_file() =>
        Assert.Equal(Path.ChangeExtension(StateFile, ".sock"), StateStore.SocketPath(_folder.Path));

    public void Dispose() => _folder.Dispose();

    private static HostState Example(StateStore store) => store.Empty() with
    {
        Spec = TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)),
        Sysctls = [new SysctlRecord(0, "all", "arp_ignore", 0, 1)],
        Addresses = [new AddressRecord(TestSpec.Vip, false), new AddressRecord("203.0.113.128/25", true)],
        Qdiscs = [new QdiscRecord(2, true)],
        Interfaces = [2],
        Programs = true,
    };
}

using Sidestep.Api.ServerOverrides;
using Sidestep.Control.ServerOverrides;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control;

public sealed class OverrideStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string FilePath => _folder.Path("state/overrides.json");

    [Fact]
    public void Override_outlives_a_restart()
    {
        var store = new OverrideStore(FilePath);
        var record = Record("web", "web1", OverrideState.Draining, 3);
        Assert.True(store.Change("web", "web1", _ => record));
        Assert.False(store.Change("web", "web1", static present => present));
        store.Change("dns", "dns1", static _ => Record("dns", "dns1", null, 0));
        store = new OverrideStore(FilePath);
        Assert.Equal(["dns/dns1", "web/web1"], store.All.Select(static o => $"{o.Pool}/{o.Server}"));
        Assert.Equal(record, store.Find("web", "web1"));
        Assert.True(store.Change("web", "web1", static _ => null));
        Assert.Null(new OverrideStore(FilePath).Find("web", "web1"));
    }

    [Fact]
    public void Tables_get_the_state_and_the_weight_of_the_override()
    {
        var store = new OverrideStore(FilePath);
        store.Change("web", "web1", static _ => Record("web", "web1", OverrideState.Draining, null));
        store.Change("web", "web2", static _ => Record("web", "web2", OverrideState.Maintenance, 7));
        store.Change("gone", "web1", static _ => Record("gone", "web1", OverrideState.Maintenance, null));
        var effective = store.ApplyTo(TestDirector.Configuration);
        Assert.Equal([(ServerState.Draining, 1), (ServerState.Disabled, 7)],
            effective.Pools[0].Servers.Select(static s => (s.State, s.Weight)));
        Assert.Same(TestDirector.Configuration.Pools[1], effective.Pools[1]);
        Assert.Same(TestDirector.Configuration, effective.Desired);
    }

    [Fact]
    public void Drain_does_not_enable_a_server_that_is_disabled()
    {
        var configuration = TestDirector.With("{ name: web1, address: 10.0.0.11 }",
            "{ name: web1, address: 10.0.0.11, state: disabled }");
        var effective = new EffectiveConfiguration(configuration).WithOverrides(
            [new ServerOverride(PoolKey.InDefault("web"), "web1", ServerState.Draining, null)]);
        Assert.Same(configuration.Pools[0], effective.Pools[0]);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "version": 2, "overrides": [] }""")]
    [InlineData("""{ "version": 1, "overrides": [ null ] }""")]
    public void Damaged_file_is_reported_and_stays(string text)
    {
        Directory.CreateDirectory(_folder.Path("state"));
        File.WriteAllText(FilePath, text);
        var store = new OverrideStore(FilePath);
        Assert.StartsWith(FilePath, store.Problem, StringComparison.Ordinal);
        Assert.Empty(store.All);
        Assert.Throws<IOException>(() => store.Change("web", "web1", static _ => null));
        Assert.Equal(text, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Number_of_overrides_is_bounded()
    {
        Directory.CreateDirectory(_folder.Path("state"));
        File.WriteAllText(FilePath, """{ "version": 1, "overrides": [""" + string.Join(',',
            Enumerable.Range(0, OverrideStore.Most).Select(static i =>
                $$"""{"pool":"p","server":"s{{i}}","weight":1,"author":"a","since":"2026-01-01T00:00:00Z"}""")) + "]}");
        var store = new OverrideStore(FilePath);
        Assert.Equal("there are 10000 overrides, which is the limit: remove one", Assert.Throws<IOException>(() =>
            store.Change("web", "web1", static _ => Record("web", "web1", null, 2))).Message);
        Assert.True(store.Change("p", "s0", static _ => null));
        Assert.True(store.Change("web", "web1", static _ => Record("web", "web1", null, 2)));
    }

    public void Dispose() => _folder.Dispose();

    private static OverrideRecord Record(string pool, string server, OverrideState? state, int? weight) =>
        new(pool, server, state, weight, "root", DateTimeOffset.UnixEpoch) { Reason = "disk" };
}

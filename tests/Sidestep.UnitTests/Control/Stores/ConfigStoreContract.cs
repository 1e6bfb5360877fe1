using Sidestep.Control.Stores;
using Sidestep.Model;
using Sidestep.UnitTests.Model;

namespace Sidestep.UnitTests.Control.Stores;

/// <summary>What every store does, whatever is behind it.</summary>
public abstract class ConfigStoreContract
{
    protected static Configuration First { get; } = TestDocument.Read(TestDocument.Valid).Configuration!;

    protected abstract IConfigStore Store { get; }

    protected abstract string Origin { get; }

    /// <summary>Makes a configuration, which may be invalid, the content of the store.</summary>
    protected abstract void Write(Configuration configuration);

    /// <summary>Makes the source unreadable.</summary>
    protected abstract void Break();

    protected static Configuration Slots(int slots) => First with { Pools = [First.Pools[0] with { Slots = slots }] };

    [Fact]
    public void First_configuration_is_the_first_revision()
    {
        Assert.Equal((1L, (string?)null), (Store.Current.Number, Store.Current.Problem));
        Assert.Null(DeepEquality.Difference(First, Store.Current.Result!.Configuration));
        Assert.Equal(Origin, Store.Origin);
    }

    [Fact]
    public async Task Change_is_the_next_revision()
    {
        Write(Slots(4093));
        var changed = await NextAsync(1);
        Assert.Equal(2, changed.Number);
        Assert.Null(DeepEquality.Difference(Slots(4093), changed.Result!.Configuration));
        Assert.Same(changed, Store.Current);
    }

    [Fact]
    public async Task Wait_that_begins_after_the_change_returns_at_once()
    {
        Write(Slots(4093));
        var changed = await NextAsync(1);
        Assert.Same(changed, await NextAsync(1));
        Assert.Same(changed, await NextAsync(0));
    }

    [Fact]
    public async Task Every_waiter_gets_the_change()
    {
        var waiters = Enumerable.Range(0, 3).Select(_ => NextAsync(1)).ToArray();
        Write(Slots(65521));
        foreach (var revision in await Task.WhenAll(waiters))
            Assert.Equal(65521, revision.Result!.Configuration!.Pools[0].Slots);
    }

    [Fact]
    public async Task Invalid_configuration_is_a_revision_with_errors_and_the_next_valid_one_replaces_it()
    {
        Write(Slots(7));
        var invalid = await NextAsync(1);
        Assert.Null(invalid.Result!.Configuration);
        Assert.Equal("pools[0].slots: 7: out of range. Write one of 1021, 4093, 16381, 65521, 262139.",
            Assert.Single(invalid.Result.Errors).ToString());

        Write(First);
        Assert.Null(DeepEquality.Difference(First, (await NextAsync(invalid.Number)).Result!.Configuration));
    }

    [Fact]
    public async Task Unreadable_source_is_a_revision_with_a_problem()
    {
        Break();
        var broken = await NextAsync(1);
        Assert.Null(broken.Result);
        Assert.NotEmpty(broken.Problem!);

        Write(Slots(4093));
        Assert.Equal(4093, (await NextAsync(broken.Number)).Result!.Configuration!.Pools[0].Slots);
    }

    [Fact]
    public async Task Wait_can_be_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var wait = Store.WaitForChangeAsync(1, stop.Token);
        Assert.False(wait.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    protected Task<ConfigRevision> NextAsync(long after) => Store.WaitForChangeAsync(after, CancellationToken.None)
        .WaitAsync(TimeSpan.FromSeconds(60));
}

using FsCheck;
using FsCheck.Fluent;
using Sidestep.Native;

namespace Sidestep.UnitTests.Native;

/// <summary>Producer and consumer of the AF_XDP rings, compared with a queue for every order of operations.</summary>
public sealed class RingPairTests
{
    private const int Size = 8;

    private enum Operation
    {
        Add,
        Publish,
        Take,
        Release,
    }

    /// <summary>Positions wrap around at 2^32.</summary>
    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue - 5)]
    public void Ring_is_a_fixed_length_queue(uint position)
    {
        var steps = Gen.Elements(Enum.GetValues<Operation>()).ListOf(200).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(steps, s => Behaves([.. s], position)));
    }

    [Fact]
    public void Consumer_thread_takes_entries_in_the_order_the_producer_added_them()
    {
        const int Many = 1_000_000;
        using var ring = new RingPair<ulong>(64, uint.MaxValue - 1000);
        var writer = new Thread(() =>
        {
            for (var i = 0UL; i < Many;)
            {
                if (ring.Producer.TryAdd(i))
                    i++;
                else
                    Thread.Yield();
                ring.Producer.Publish();
            }
        });
        writer.Start();
        for (var expected = 0UL; expected < Many;)
        {
            if (ring.Consumer.TryTake(out var item))
                Assert.Equal(expected++, item);
            else
                Thread.Yield();
            ring.Consumer.Release();
        }
        writer.Join();
        Assert.False(ring.Consumer.TryTake(out _));
        Assert.True(ring.Producer.IsDrained);
    }

    private static bool Behaves(Operation[] steps, uint position)
    {
        using var ring = new RingPair<ulong>(Size, position);
        var (added, visible, taken) = (new Queue<ulong>(), new Queue<ulong>(), 0);
        var next = 0UL;
        foreach (var step in steps)
        {
            switch (step)
            {
                case Operation.Add:
                    // Free entries are neither published nor taken without being released.
                    var hasCapacity = added.Count + visible.Count + taken < Size;
                    if (ring.Producer.TryAdd(next) != hasCapacity)
                        return false;
                    if (hasCapacity)
                        added.Enqueue(next++);
                    break;
                case Operation.Publish:
                    if (ring.Producer.Publish() != added.Count > 0)
                        return false;
                    while (added.TryDequeue(out var item))
                        visible.Enqueue(item);
                    break;
                case Operation.Take:
                    var has = visible.TryDequeue(out var expected);
                    if (ring.Consumer.TryTake(out var got) != has || (has && got != expected))
                        return false;
                    taken += has ? 1 : 0;
                    break;
                default:
                    ring.Consumer.Release();
                    taken = 0;
                    break;
            }
            if (ring.Producer.IsDrained != (visible.Count == 0 && taken == 0))
                return false;
        }
        return true;
    }
}

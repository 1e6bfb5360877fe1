using FsCheck.Fluent;
using Sidestep.Engine.Xdp;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Runs of slot blocks: allocated without overlap, and freed.</summary>
public sealed class BlockAllocatorTests
{
    private const int First = 10, Blocks = 40;

    [Fact]
    public void Runs_of_blocks_are_allocated_and_freed()
    {
        var blocks = new BlockAllocator(0, 8);
        Assert.Equal([0, 2, 5], new[] { 2, 3, 3 }.Select(n => blocks.Take(n)!.Value));
        Assert.Null(blocks.Take(1));
        blocks.Free(0, 2);
        blocks.Free(5, 3);
        // Five blocks are free, but at most three of them are adjacent.
        Assert.Null(blocks.Take(4));
        blocks.Free(2, 3);
        Assert.Equal(0, blocks.Take(8));
    }

    [Fact]
    public void Numbers_begin_with_the_first_block() =>
        Assert.Equal([First, First + 2], TakeTwo(new BlockAllocator(First, Blocks)));

    [Fact]
    public void Search_continues_after_the_previous_allocation()
    {
        var blocks = new BlockAllocator(0, 8);
        blocks.Take(2);
        blocks.Free(0, 2);
        Assert.Equal(2, blocks.Take(2));
    }

    /// <summary>Blocks 6 and 7 are after the previous allocation, 0 before it: the run 0 to 2 is found only by
    /// wrapping.</summary>
    [Fact]
    public void Search_wraps_around_to_the_first_block()
    {
        var blocks = new BlockAllocator(0, 8);
        blocks.Take(3);
        blocks.Take(3);
        blocks.Free(0, 3);
        Assert.Equal(0, blocks.Take(3));
    }

    /// <summary>Blocks 2 to 4 are free around the point where the search starts.</summary>
    [Fact]
    public void Run_across_the_starting_point_is_found()
    {
        var blocks = new BlockAllocator(0, 6);
        blocks.MarkUsed(4, 2);
        Assert.Equal(0, blocks.Take(3));
        blocks.Free(2, 1);
        Assert.Equal(2, blocks.Take(2));
    }

    [Fact]
    public void Marked_blocks_are_not_allocated()
    {
        var blocks = new BlockAllocator(First, 4);
        blocks.MarkUsed(First + 1, 2);
        Assert.Null(blocks.Take(2));
        Assert.Equal([First, First + 3], new[] { blocks.Take(1), blocks.Take(1) }.Select(static b => b!.Value));
    }

    /// <summary>Compared with a model: the set of allocated blocks. A positive number allocates, a negative one
    /// frees.</summary>
    [Fact]
    public void Runs_never_overlap_and_a_free_run_is_always_found() => Gens.Check(
        Gen.ListOf(Gen.OneOf(Gen.Choose(1, 9), Gen.Choose(-20, -1))).Select(static l => l.ToArray()),
        static operations =>
        {
            var allocator = new BlockAllocator(First, Blocks);
            var runs = new List<(int First, int Count)>();
            var used = new HashSet<int>();
            foreach (var operation in operations)
            {
                if (operation < 0)
                {
                    if (runs.Count == 0)
                        continue;
                    var run = runs[-operation % runs.Count];
                    runs.Remove(run);
                    allocator.Free(run.First, run.Count);
                    used.ExceptWith(Enumerable.Range(run.First, run.Count));
                    continue;
                }
                var exists = Enumerable.Range(First, Blocks - operation + 1)
                    .Any(at => !Enumerable.Range(at, operation).Any(used.Contains));
                if (allocator.Take(operation) is not { } first)
                {
                    if (exists)
                        return false;
                    continue;
                }
                if (first < First || first + operation > First + Blocks)
                    return false;
                if (Enumerable.Range(first, operation).Any(b => !used.Add(b)))
                    return false;
                runs.Add((first, operation));
            }
            return true;
        });

    private static IEnumerable<int> TakeTwo(BlockAllocator blocks) => [blocks.Take(2)!.Value, blocks.Take(1)!.Value];
}

using Sidestep.Control.Health;

namespace Sidestep.UnitTests.Control.Health;

public sealed class PathMtuSearchTests
{
    [Fact]
    public async Task Path_without_a_bottleneck_costs_one_probe()
    {
        var (result, lengths) = await FindAsync(1480, static (_, _) => true);
        Assert.Equal(new PathMtuResult(1480, 1480, null), result);
        Assert.Equal([1480], lengths);
    }

    [Fact]
    public async Task One_lost_probe_is_repeated_before_it_counts()
    {
        var (result, lengths) = await FindAsync(1480, static (_, attempt) => attempt == 2);
        Assert.Equal(new PathMtuResult(1480, 1480, null), result);
        Assert.Equal([1480, 1480], lengths);
    }

    [Fact]
    public async Task Third_attempt_is_not_made()
    {
        var (result, lengths) = await FindAsync(1480, static (_, attempt) => attempt == 3);
        Assert.Equal(new PathMtuResult(1480, null, null), result);
        Assert.Equal([1480, 1480, 128, 128], lengths);
    }

    [Theory]
    [InlineData(128, 1)]
    [InlineData(100, 1)]
    public async Task No_reply_at_128_bytes_or_fewer_proves_nothing(int expected, int distinct)
    {
        var (result, lengths) = await FindAsync(expected, static (_, _) => false);
        Assert.Equal(new PathMtuResult(expected, null, null), result);
        Assert.Equal(distinct, lengths.Distinct().Count());
    }

    [Theory]
    [InlineData(1500, 1499)]
    [InlineData(1500, 1400)]
    [InlineData(1500, 129)]
    [InlineData(1500, 128)]
    [InlineData(129, 128)]
    [InlineData(65535, 9000)]
    public async Task Bottleneck_is_found_exactly_and_its_remedy_named(int expected, int actual)
    {
        var (result, lengths) = await FindAsync(expected, (bytes, _) => bytes <= actual);
        Assert.Equal((expected, actual), (result.PathMtu, result.MeasuredPathMtu));
        Assert.Equal(
            $"datagrams of more than {actual} bytes do not arrive, although the director's route takes {expected}: "
                + $"raise the MTU along the path by {expected - actual}, or lower that of the route by as much "
                + "(ip route replace ... mtu)", result.Problem);
        Assert.InRange(lengths.Distinct().Count(), 2, 18);
        Assert.All(lengths, b => Assert.InRange(b, 128, expected));
    }

    /// <summary>The binary search missed one length, and a repetition finds it.</summary>
    [Fact]
    public async Task Byte_more_that_arrives_after_all_continues_the_search()
    {
        // Everything above 1399 is lost until the search has ended.
        var isVerified = false;
        var (result, _) = await FindAsync(1500, (bytes, attempt) =>
        {
            isVerified |= (bytes, attempt) == (1399, 2);
            return bytes < 1400 || (bytes <= 1450 && isVerified);
        });
        Assert.Equal(1450, result.MeasuredPathMtu);
    }

    /// <summary>Neither a length that is lost sometimes nor a server that stops answering proves an MTU.</summary>
    [Fact]
    public async Task Length_that_must_arrive_and_does_not_proves_nothing()
    {
        var (result, _) = await FindAsync(1500, static (bytes, attempt) => bytes <= 1400
            && (bytes < 1400 || attempt <= 2));
        Assert.Equal(new PathMtuResult(1500, null, null), result);
    }

    private static async Task<(PathMtuResult Result, List<int> Lengths)> FindAsync(int expected, Func<int, int,
        bool> passes)
    {
        var lengths = new List<int>();
        var result = await PathMtuSearch.FindAsync(expected, bytes =>
        {
            lengths.Add(bytes);
            return Task.FromResult(passes(bytes, lengths.Count(l => l == bytes)));
        });
        return (result, lengths);
    }
}

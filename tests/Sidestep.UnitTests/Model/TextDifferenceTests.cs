using Sidestep.Model.Incremental;

namespace Sidestep.UnitTests.Model;

public sealed class TextDifferenceTests
{
    [Theory]
    [InlineData("abc", "abc", 3, 3, 3)]
    [InlineData("abc", "abxc", 2, 2, 3)]
    [InlineData("abxc", "abc", 2, 3, 2)]
    [InlineData("abc", "axc", 1, 2, 2)]
    [InlineData("", "abc", 0, 0, 3)]
    [InlineData("abc", "", 0, 3, 0)]
    [InlineData("aaa", "aa", 2, 3, 2)]
    [InlineData("abab", "ababab", 4, 4, 6)]
    public void Difference_is_the_shortest_range_after_the_common_prefix(string old, string @new, int start,
        int oldEnd, int newEnd) =>
        Assert.Equal(new TextDifference(start, oldEnd, newEnd), TextDifference.Between(old, @new));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Texts_are_equal_before_and_after_the_difference_and_not_any_further(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++)
        {
            // Few letters, so that there are common parts.
            string Text() => string.Concat(Enumerable.Range(0, random.Next(40))
                .Select(_ => (char)('a' + random.Next(2))));
            var (old, @new) = (Text(), Text());
            var change = TextDifference.Between(old, @new);
            Assert.Equal(old[..change.Start], @new[..change.Start]);
            Assert.Equal(old[change.OldEnd..], @new[change.NewEnd..]);
            Assert.Equal(@new.Length - old.Length, change.Shift);
            bool endsHere = change.Start == change.OldEnd || change.Start == change.NewEnd;
            Assert.True(endsHere || old[change.Start] != @new[change.Start],
                $"{old} {@new}: the start is not the first difference");
            Assert.True(endsHere || old[change.OldEnd - 1] != @new[change.NewEnd - 1],
                $"{old} {@new}: the end is not the last difference");
        }
    }
}

namespace Sidestep.Model.Incremental;

/// <summary>The single range in which two texts differ; before and after it they are equal.</summary>
/// <param name="Start">Index of the first different character, the same in both texts.</param>
/// <param name="OldEnd">Index after the range in the old text.</param>
/// <param name="NewEnd">Index after the range in the new text.</param>
internal readonly record struct TextDifference(int Start, int OldEnd, int NewEnd)
{
    /// <summary>Characters by which everything after the change has moved.</summary>
    public int Shift => NewEnd - OldEnd;

    public static TextDifference Between(string old, string @new)
    {
        int start = old.AsSpan().CommonPrefixLength(@new);
        int most = Math.Min(old.Length, @new.Length) - start;
        // There is no vectorised search for a common suffix, but there is an equality check: search by halving.
        int same = 0;
        for (int step = HighestPowerOfTwo(most); step > 0; step /= 2)
        {
            while (same + step <= most
                && old.AsSpan(old.Length - same - step, step)
                    .SequenceEqual(@new.AsSpan(@new.Length - same - step, step)))
                same += step;
        }
        return new TextDifference(start, old.Length - same, @new.Length - same);
    }

    private static int HighestPowerOfTwo(int number) => number == 0 ? 0 : 1 << int.Log2(number);
}

using Sidestep.Forwarding.Pipeline;

namespace Sidestep.UnitTests.Forwarding.Pipeline;

/// <summary>A frame grows and shrinks within its buffer, and never beyond.</summary>
public sealed class FrameTests
{
    [Fact]
    public void Frame_grows_at_its_front_by_its_headroom()
    {
        byte[] buffer = [0, 0, 0, 1, 2, 3, 9];
        var frame = new Frame(buffer, 3, 3);
        Assert.Equal([1, 2, 3], frame.Bytes.ToArray());
        Assert.True(frame.TryPrepend(2, out var bytes));
        Assert.Equal((1, 5), (frame.Start, frame.Length));
        bytes[0] = 7;
        Assert.Equal([7, 0, 1, 2, 3], frame.Bytes.ToArray());
        Assert.Equal([0, 7, 0, 1, 2, 3, 9], buffer);
    }

    [Fact]
    public void Frame_without_headroom_is_unchanged()
    {
        var frame = new Frame(new byte[8], 2, 4);
        Assert.False(frame.TryPrepend(3, out var bytes));
        Assert.True(bytes.IsEmpty);
        Assert.Equal((2, 4), (frame.Start, frame.Length));
        Assert.True(frame.TryPrepend(2));
        Assert.False(frame.TryPrepend(1));
        Assert.Equal((0, 6), (frame.Start, frame.Length));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(6, true)] // up to the end of the buffer
    [InlineData(7, false)]
    public void Frame_is_resized_up_to_the_end_of_its_buffer(int length, bool fits)
    {
        var frame = new Frame(new byte[8], 2, 4);
        Assert.Equal(fits, frame.TryResize(length));
        Assert.Equal((2, fits ? length : 4), (frame.Start, frame.Length));
    }
}

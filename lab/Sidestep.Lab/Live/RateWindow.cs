namespace Sidestep.Lab.Live;

/// <summary>The rate of a counter over the last seconds.</summary>
internal sealed class RateWindow(TimeSpan length)
{
    private readonly Queue<(TimeSpan At, long Total)> _samples = [];

    /// <summary>Adds a sample of the counter.</summary>
    /// <param name="at">Since any fixed moment; later than the sample before.</param>
    /// <returns>The rate from the oldest sample of the window to this one, and the total; 0 per second at
    /// first.</returns>
    public LiveFlow Add(TimeSpan at, long total)
    {
        _samples.Enqueue((at, total));
        while (_samples.Count > 2 && at - _samples.Peek().At > length)
            _samples.Dequeue();
        var oldest = _samples.Peek();
        var seconds = (at - oldest.At).TotalSeconds;
        return new LiveFlow(seconds > 0 ? (total - oldest.Total) / seconds : 0, total);
    }
}

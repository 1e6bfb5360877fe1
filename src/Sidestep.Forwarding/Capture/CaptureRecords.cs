using System.Globalization;
using Sidestep.Api.Captures;

namespace Sidestep.Forwarding.Capture;

/// <summary>Turns requests for captures into filters and limits, and captured frames into records.</summary>
public static class CaptureRecords
{
    /// <summary>Parses a request.</summary>
    /// <exception cref="FormatException">The filter is invalid, or a number is out of its range.</exception>
    public static (CaptureFilter Filter, CaptureLimits Limits) Parse(CaptureRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check("snap", request.Snap, CaptureLimits.ShortestSnap, CaptureLimits.LongestSnap);
        Check("sample", request.Sample, 1, CaptureLimits.LargestNumber);
        Check("rate", request.Rate, 0, CaptureLimits.LargestNumber);
        return (FilterParser.Parse(request.Filter),
            new CaptureLimits { Snap = request.Snap, Sample = request.Sample, Rate = request.Rate });
    }

    /// <summary>The record of a captured frame.</summary>
    public static FrameRecord Of(CapturedFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return new FrameRecord
        {
            Number = frame.Number,
            TimeNanoseconds = frame.Time,
            Direction = frame.IsOut ? FrameDirection.Out : FrameDirection.In,
            Interface = frame.Interface,
            Decision = CounterName.Of(frame.Decision),
            Reason = frame.Reason is { } reason ? CounterName.Of(reason) : null,
            Action = CounterName.Of(frame.Action),
            Service = frame.Service,
            Server = frame.Server,
            ServerAddress = frame.ServerAddress,
            Length = frame.Length,
            Bytes = frame.Bytes,
        };
    }

    /// <summary>The record of the frames that a capture did not record.</summary>
    public static CaptureLoss Of(CaptureCounts counts) => new(counts.Missed, counts.Lost);

    private static void Check(string name, int value, int minimum, int maximum)
    {
        if (value < minimum || value > maximum)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"{name} {value}: must be from {minimum} to {maximum}"));
    }
}

using System.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>Shrinks a scenario in which the engines differ, as long as they still differ in the same manner.</summary>
/// <param name="differs">Runs a scenario; null when there is no difference.</param>
/// <param name="timeLimit">Time after which shrinking stops.</param>
internal sealed class Shrinker(Func<Scenario, Difference?> differs, TimeSpan timeLimit)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Scenario _best = null!;
    private Difference _difference = null!;

    /// <summary>Shrinks a scenario.</summary>
    public (Scenario Scenario, Difference Difference) Shrink(Scenario scenario, Difference difference)
    {
        (_best, _difference) = (scenario, difference);
        Cut();
        for (var progress = true; progress && _clock.Elapsed < timeLimit;)
            progress = RemoveStages() | RemoveFrames() | SimplifySituation();
        return (_best, _difference);
    }

    /// <summary>Removes everything after the difference.</summary>
    private void Cut()
    {
        var stages = _best.Stages.Take(_difference.Stage + 1).ToList();
        if (_difference.Frame >= 0 && _difference.Frame < stages[^1].Frames.Count)
            stages[^1] = stages[^1] with { Frames = [.. stages[^1].Frames.Take(_difference.Frame + 1)] };
        Try(_best with { Stages = stages });
    }

    private bool RemoveStages()
    {
        var shrunk = false;
        for (var i = _best.Stages.Count - 1; i >= 0 && _best.Stages.Count > 1; i--)
        {
            var stages = _best.Stages.ToList();
            if (i == 0)
            {
                var changes = Cases.CaseTable.Merged(stages[0].Changes, stages[1].Changes);
                stages[1] = stages[1] with { Changes = changes, Later = 0 };
            }
            stages.RemoveAt(i);
            shrunk |= Try(_best with { Stages = stages });
        }
        return shrunk;
    }

    private bool RemoveFrames()
    {
        var shrunk = false;
        for (var stage = 0; stage < _best.Stages.Count; stage++)
        {
            for (var chunk = Math.Max(_best.Stages[stage].Frames.Count / 2, 1); chunk >= 1; chunk /= 2)
            {
                for (var at = 0; at < _best.Stages[stage].Frames.Count && _clock.Elapsed < timeLimit;)
                {
                    var frames = _best.Stages[stage].Frames.ToList();
                    frames.RemoveRange(at, Math.Min(chunk, frames.Count - at));
                    if (Try(With(stage, _best.Stages[stage] with { Frames = frames })))
                        shrunk = true;
                    else
                        at += chunk;
                }
            }
        }
        return shrunk;
    }

    private bool SimplifySituation()
    {
        var shrunk = false;
        for (var stage = 0; stage < _best.Stages.Count; stage++)
        {
            for (var number = 0; _clock.Elapsed < timeLimit; number++)
            {
                var root = Parse(_best.Stages[stage].Changes);
                if (!RemoveNode(root, number))
                    break;
                if (Try(With(stage, _best.Stages[stage] with { Changes = Scenario.FlowStyle(root) })))
                {
                    shrunk = true;
                    number--;
                }
            }
        }
        return shrunk;
    }

    private Scenario With(int number, Stage stage) =>
        _best with { Stages = [.. _best.Stages.Select((s, i) => i == number ? stage : s)] };

    private bool Try(Scenario candidate)
    {
        Difference? found;
        try
        {
            found = differs(candidate);
        }
#pragma warning disable CA1031 // an invalid situation is not a smaller one
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
        if (found is null || found.Kind != _difference.Kind)
            return false;
        (_best, _difference) = (candidate, found);
        return true;
    }

    /// <summary>Removes the n-th key or item, counted breadth first.</summary>
    private static bool RemoveNode(YamlNode root, int index)
    {
        var at = index;
        var waiting = new Queue<YamlNode>([root]);
        while (waiting.TryDequeue(out var node))
        {
            if (node is YamlMappingNode map)
            {
                if (at < map.Children.Count)
                {
                    map.Children.Remove(map.Children.ElementAt(at).Key);
                    return true;
                }
                at -= map.Children.Count;
                foreach (var value in map.Children.Values)
                    waiting.Enqueue(value);
            }
            else if (node is YamlSequenceNode list)
            {
                if (at < list.Children.Count)
                {
                    list.Children.RemoveAt(at);
                    return true;
                }
                at -= list.Children.Count;
                foreach (var item in list.Children)
                    waiting.Enqueue(item);
            }
        }
        return false;
    }

    private static YamlNode Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents[0].RootNode;
    }
}

/// The one process of a store: swarm, mounts, shares.
public enum Node {}

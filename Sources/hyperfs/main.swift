print("hyperfs")
